// One incident with all its kin, read from the node's records and not from the board: what ended long ago is not on a
// board any more. Start at `WholeIncident.read`.

import { readEntries, request } from '../../api/client';
import type { Assignment, Call, EntriesPage, Entry, Incident, Unit } from '../../api/types';
import type { Desk } from '../../desk/desk.svelte';

/** How many records are asked for at once, and the most that one page shows. */
const AT_ONCE = 8;
const KIN_MAX = 400;
/** The most pages of entries that are read. */
const ENTRY_PAGES_MAX = 40;

/** An incident, its calls, units and everything that happened to it. */
export class WholeIncident {
  incident = $state.raw<Incident | null>(null);
  assignments = $state.raw<Assignment[]>([]);
  calls = $state.raw<Call[]>([]);
  entries = $state.raw<Entry[]>([]);
  entries_error = $state.raw<unknown>(null);
  entries_cut = $state(false);
  /** Units by id, for those that are no longer on the board. */
  units = $state.raw(new Map<string, Unit>());
  /** Incidents that this one names. */
  others = $state.raw(new Map<string, Incident>());
  state = $state<'loading' | 'loaded' | 'failed'>('loading');
  error = $state.raw<unknown>(null);

  #stop = new AbortController();
  #turn = 0;

  constructor(readonly id: string, private readonly desk: Desk) {}

  /** Returns how to stop. */
  start(): () => void {
    return () => this.#stop.abort();
  }

  /** Reads everything anew. */
  async read() {
    const turn = ++this.#turn;
    const signal = this.#stop.signal;
    const one = <T>(kind: string) => (id: string) => request<T>('GET', `/${kind}/${encodeURIComponent(id)}`, { signal });
    try {
      const incident = await one<Incident>('incidents')(this.id);
      const assignments = await each(incident.assignments, one<Assignment>('assignments'));
      const calls = await each(incident.calls, one<Call>('calls'));
      const away = [...new Set(assignments.map((assignment) => assignment.unit))].filter((id) => !this.desk.board.units.has(id));
      const units = await each(away, one<Unit>('units'));
      const named = [...incident.links.map((link) => link.incident), ...(incident.merged_into === null ? [] : [incident.merged_into])];
      const others = await each(named.filter((id) => !this.desk.board.incidents.has(id)), one<Incident>('incidents'));
      if (turn !== this.#turn || signal.aborted) return;
      this.incident = incident;
      this.assignments = assignments;
      this.calls = calls;
      this.units = new Map(units.map((unit) => [unit.id, unit]));
      this.others = new Map(others.map((other) => [other.id, other]));
      this.state = 'loaded';
    } catch (error) {
      if (signal.aborted || turn !== this.#turn) return;
      this.error = error;
      this.state = 'failed';
      return;
    }
    await this.#readEntries(turn);
  }

  async #readEntries(turn: number) {
    try {
      const found: Entry[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < ENTRY_PAGES_MAX; page += 1) {
        const answer: EntriesPage = await readEntries(this.id, cursor, this.#stop.signal);
        found.push(...answer.entries);
        cursor = answer.next ?? null;
        if (cursor === null) break;
      }
      if (turn !== this.#turn) return;
      this.entries = found;
      this.entries_cut = cursor !== null;
      this.entries_error = null;
    } catch (error) {
      if (!this.#stop.signal.aborted && turn === this.#turn) this.entries_error = error;
    }
  }
}

/** Reads records by id, a few at a time. */
async function each<T>(ids: string[], read: (id: string) => Promise<T>): Promise<T[]> {
  const found: T[] = [];
  const wanted = ids.slice(0, KIN_MAX);
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    found.push(...(await Promise.all(wanted.slice(at, at + AT_ONCE).map(read))));
  }
  return found;
}
