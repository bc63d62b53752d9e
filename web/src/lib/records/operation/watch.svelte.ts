// What operations have to say to a person on any seat: whose line is down, whose came back and what changed meanwhile, and
// what waits for an answer. All of it is read out of the board; what was put away is kept in this browser. Start at `JointWatch`.

import type { Bilingual, Operation } from '../../api/types';
import type { Board } from '../../board/board.svelte';
import { ms } from '../../time';
import { asksForUs, others, shutOutSince, takesPart } from './joint';

/** A member of our operations that cannot be reached. */
export interface CutMember {
  node: string;
  name: string;
  since_ms: number;
  /** True if it was shut out here, so that nobody tries. */
  shut_out: boolean;
  /** How many of the records it shares with us may be old. */
  old: number;
  operations: Operation[];
}

/** A member whose line came back, and what of it changed meanwhile. */
export interface HealedMember {
  key: string;
  name: string;
  cut_ms: number;
  healed_ms: number;
  count: number;
  changes: { operation: Operation; words: Bilingual }[];
}

/** Something in an operation that waits for a person here. */
export interface Wait {
  key: string;
  kind: 'clash' | 'help' | 'broken' | 'command' | 'ask' | 'invited';
  /** Since when; null where nobody says. */
  at: string | null;
  operation: Operation;
}

/** How long after it came back a line is told of, in ms. */
const HEALED_MS_MAX = 30 * 60_000;
/** A cut that was shorter and left nothing behind is nobody's news, in ms. */
const CUT_MS_MIN = 10_000;
/** How long a clash is told of, in ms. */
const CLASH_MS_MAX = 24 * 3_600_000;
/** How long it is told that somebody broke the silence before a go, in ms. */
const BROKEN_MS_MAX = 3_600_000;
/** How much that was put away is remembered. */
const KEPT_MAX = 100;
const KEPT_AS = 'watchfire.joint_put_away';

function readKept(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT_AS) ?? '[]');
    return Array.isArray(kept) ? kept.filter((each): each is string => typeof each === 'string') : [];
  } catch {
    return [];
  }
}

/** Watches the operations that this node takes part in or is called into. */
export class JointWatch {
  #put_away = $state.raw(readKept());
  /** Changes once a minute, for what is told for a while only. */
  #minute = $derived.by(() => Math.floor(this.board.clock.now_ms / 60_000));

  /** Operations that go on and that we take part in. */
  active = $derived.by(() => [...this.board.operations.values()].filter(takesPart));

  /** Who of their members cannot be reached, longest first. */
  cut = $derived.by<CutMember[]>(() => {
    const found = new Map<string, CutMember>();
    for (const operation of this.active) {
      for (const member of others(operation)) {
        const shut_out = shutOutSince(this.board.peers, member.node);
        if (shut_out === null && member.line?.state !== 'cut') continue;
        const since_ms = ms(shut_out ?? member.line?.since) ?? 0;
        const entry = found.get(member.node) ?? { node: member.node, name: member.name, since_ms, shut_out: shut_out !== null, old: 0, operations: [] };
        entry.operations.push(operation);
        found.set(member.node, entry);
      }
    }
    for (const entry of found.values()) entry.old = oldRecords(entry);
    return [...found.values()].sort((a, b) => a.since_ms - b.since_ms);
  });

  /** Whose line came back lately, and was not put away. */
  healed = $derived.by<HealedMember[]>(() => {
    const now_ms = this.#minute * 60_000;
    const found = new Map<string, HealedMember>();
    for (const operation of this.active) {
      for (const { node, name, healed, line } of others(operation)) {
        const [cut_ms, healed_ms] = [ms(healed?.cut_at), ms(healed?.healed_at)];
        if (!healed || cut_ms === null || healed_ms === null || line?.state === 'cut' || now_ms - healed_ms > HEALED_MS_MAX) continue;
        const key = `healed ${node} ${healed.healed_at}`;
        const entry = found.get(key) ?? { key, name, cut_ms, healed_ms, count: 0, changes: [] };
        entry.count += healed.count;
        entry.changes.push(...healed.changes.map((words) => ({ operation, words })));
        found.set(key, entry);
      }
    }
    const worth = (one: HealedMember) => one.count > 0 || one.healed_ms - one.cut_ms >= CUT_MS_MIN;
    return [...found.values()].filter((one) => worth(one) && !this.#put_away.includes(one.key)).sort((a, b) => b.healed_ms - a.healed_ms);
  });

  /** What waits for a person here, the gravest first. */
  waits = $derived.by<Wait[]>(() => {
    const now_ms = this.#minute * 60_000;
    const found: Wait[] = [];
    for (const operation of this.board.operations.values()) {
      const add = (kind: Wait['kind'], id: string, at: string | null) => found.push({ key: `${kind} ${operation.id} ${id}`, kind, at, operation });
      if (operation.own.invited) add('invited', '', operation.members.find((member) => member.own)?.since ?? null);
      if (!takesPart(operation)) continue;
      if (operation.help_asked_at) add('help', operation.help_asked_at, operation.help_asked_at);
      for (const line of operation.own.leads ? operation.log : []) {
        if (line.broke_silence && line.reply && now_ms - (ms(line.at) ?? 0) < BROKEN_MS_MAX) add('broken', line.message ?? line.at, line.at);
      }
      if (operation.own.offered_command) add('command', String(operation.version), null);
      for (const ask of asksForUs(operation)) add('ask', ask.message, ask.sent_at);
      for (const ask of operation.asks) {
        if (ask.status !== 'clash' || !(ask.own || ask.for_us) || now_ms - (ms(ask.answered_at) ?? 0) > CLASH_MS_MAX) continue;
        add('clash', ask.message, ask.answered_at);
      }
    }
    const rank = { clash: 0, help: 1, broken: 2, command: 3, ask: 4, invited: 5 } as const;
    return found.filter((one) => !this.#put_away.includes(one.key)).sort((a, b) => rank[a.kind] - rank[b.kind] || ((a.at ?? '') < (b.at ?? '') ? -1 : 1));
  });

  constructor(private readonly board: Board) {
    // What is put away in one window is put away in all of this browser.
    window.addEventListener('storage', (event) => {
      if (event.key === KEPT_AS) this.#put_away = readKept();
    });
  }

  /** Returns true while a clash was not put away. */
  isOpen(kind: Wait['kind'], operation: string, id: string): boolean {
    return !this.#put_away.includes(`${kind} ${operation} ${id}`);
  }

  /** Puts something away, in every window of this browser. */
  putAway(key: string) {
    this.#put_away = [...this.#put_away.slice(1 - KEPT_MAX), key];
    localStorage.setItem(KEPT_AS, JSON.stringify(this.#put_away));
  }
}

/** Counts the records of a member that are shared with us and may be old, each once. */
function oldRecords({ node, operations }: CutMember): number {
  const records = new Set<string>();
  for (const operation of operations) {
    for (const each of operation.incidents) if (each.node === node && each.share !== null && each.fresh?.stale) records.add(each.incident.id);
    for (const each of operation.units) if (each.node === node && each.fresh?.stale) records.add(each.unit.id);
  }
  return records.size;
}
