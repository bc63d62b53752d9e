// Which directives there are for this window to see: the agency's own and those that other agencies give in operations, with
// what of each is for whoever sits here. It derives nothing that the node decides. Start at `Directives`.

import { Refusal } from '../../api/client';
import type { Directive, DirectiveItem, Operation } from '../../api/types';
import type { Desk } from '../../desk/desk.svelte';
import { readDirective, readEnded, readOwn } from './requests';

/** A directive with the operation that it was told in, if in one. */
export interface Seen {
  directive: Directive;
  operation: Operation | undefined;
  /** True if this agency gives it. */
  own: boolean;
}

/** Returns the new date of a directive of which every open item was carried over: the first of theirs. */
export function carriedTo(directive: Directive): string | null {
  if (directive.status !== 'open') return null;
  const open = directive.items.filter((item) => item.status !== 'done' && item.status !== 'excused');
  const dates = open.flatMap((item) => item.carried_until ?? []);
  return open.length > 0 && dates.length === open.length ? dates.sort()[0]! : null;
}

const rank = ({ directive }: Seen) => (directive.status === 'open' ? (directive.overdue ? 0 : 1) : directive.status === 'draft' ? 2 : 3);

/** When texts that could not be read are asked for anew, in ms. */
const AGAIN_MS = 5_000;

/** All directives that this window knows of: what is overdue first, then what is open, drafts, and what is over. */
export class Directives {
  #again: ReturnType<typeof setTimeout> | undefined;
  all = $derived.by(() => this.#all());
  /** The texts of what is for this person, by directive; the board leaves them out for whoever may not read them. */
  texts = $state.raw(new Map<string, Directive>());

  /** The agency's own that are over, as far as they were read: the board has those of the last hour alone. */
  #ended = $state.raw<Directive[]>([]);
  #next = $state.raw<string | null>(null);
  /** True if there are more that are over. */
  more = $derived(this.#next !== null);

  constructor(private readonly desk: Desk) {}

  /** Reads what is over, last changed first; `more` reads on from there. */
  async readEnded(more = false) {
    try {
      const page = await readEnded(more ? this.#next : null);
      this.#ended = more ? [...this.#ended, ...page.items] : page.items;
      this.#next = page.next;
    } catch {
      // What was read before stays; the line tells that the node is gone.
    }
  }

  /** Reads one that an address names and that is not here; fails if the node does not answer, not if it has none. */
  async readOne(id: string) {
    const one = await readDirective(id).catch((error: unknown) => {
      if (error instanceof Refusal) return null;
      throw error;
    });
    if (one && !this.#ended.some((known) => known.id === id)) this.#ended = [...this.#ended, one];
  }

  /** Returns the items of a directive that whoever sits here is to answer. */
  forUs(seen: Seen): DirectiveItem[] {
    const { person } = this.desk.session;
    const station = person.unit ? this.desk.board.units.get(person.unit)?.station : undefined;
    const to = ({ is, to: id, status }: DirectiveItem) => {
      if (status === 'excused') return false;
      if (!seen.own) return is === 'agency' && id === seen.operation?.own.node;
      if (is === 'unit') return id === person.unit;
      if (is === 'seat') return (person.roles as string[]).includes(id);
      return is === 'station' && id === station;
    };
    return seen.directive.items.filter(to);
  }

  /** Reads the texts of what is for this person. */
  async readTexts() {
    try {
      this.texts = new Map((await readOwn()).map((one) => [one.id, one]));
    } catch {
      // What was read before stays; the line tells that the node is gone, and when it is back they are read anew.
      this.#again ??= setTimeout(() => {
        this.#again = undefined;
        void this.readTexts();
      }, AGAIN_MS);
    }
  }

  #all(): Seen[] {
    const { board } = this.desk;
    const found = new Map<string, Seen>();
    for (const directive of this.#ended) found.set(directive.id, { directive, operation: undefined, own: true });
    for (const directive of board.directives.values()) found.set(directive.id, { directive, operation: undefined, own: true });
    // An operation's view knows how far each has come to the others.
    for (const operation of board.operations.values()) {
      for (const directive of operation.directives) {
        const own = directive.home === operation.own.node;
        found.set(`${own ? '' : directive.home}${directive.id}`, { directive, operation, own });
      }
    }
    const all = [...found.values()];
    return all.sort((a, b) =>
      rank(a) - rank(b) || a.directive.priority - b.directive.priority || (a.directive.drafted.at < b.directive.drafted.at ? 1 : -1));
  }
}
