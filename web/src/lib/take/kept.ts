// Where half-typed calls lie in this browser, and which calls this person took here.

import { KeptItems } from '../desk/kept';
import type { Kept } from './draft.svelte';

const DRAFTS_AS = 'watchfire.drafts';
const TAKEN_AS = 'watchfire.taken';
const DROPPED_AS = 'watchfire.drafts_dropped';
/** How many dropped ones are remembered until the node knows. */
const DROPPED_MAX = 100;
/** How many of one's own calls are remembered. */
export const TAKEN_MAX = 10;

/** The drafts of one person in this browser. */
export class KeptDrafts extends KeptItems<Kept> {
  constructor(person: string) {
    super(DRAFTS_AS, person, read);
  }

  /** Remembers a call that this person took, the newest first. */
  remember(call: string): string[] {
    const ids = [call, ...this.remembered().filter((id) => id !== call)].slice(0, TAKEN_MAX);
    this.#putIds(TAKEN_AS, ids);
    return ids;
  }

  /** Returns the calls that this person took in this browser, the newest first. */
  remembered(): string[] {
    return this.#ids(TAKEN_AS);
  }

  /** Notes that a draft was dropped, until the node knows it too: a page may be closed in between. */
  drop(id: string) {
    this.#putIds(DROPPED_AS, [id, ...this.dropped()].slice(0, DROPPED_MAX));
  }

  /** Forgets that a draft was dropped, since the node knows. */
  dropKnown(id: string) {
    this.#putIds(DROPPED_AS, this.dropped().filter((each) => each !== id));
  }

  /** Returns the drafts that were dropped and of which the node may not know. */
  dropped(): string[] {
    return this.#ids(DROPPED_AS);
  }

  #putIds(name: string, ids: string[]) {
    try {
      localStorage.setItem(`${name}.${this.person}`, JSON.stringify(ids));
    } catch {
      // These lists are a convenience; calls and drafts are on the node.
    }
  }

  #ids(name: string): string[] {
    try {
      const ids: unknown = JSON.parse(localStorage.getItem(`${name}.${this.person}`) ?? '[]');
      return Array.isArray(ids) ? ids.filter((id): id is string => typeof id === 'string') : [];
    } catch {
      return [];
    }
  }
}

function read(item: unknown): Kept | null {
  const kept = item as Kept | null;
  return kept !== null && typeof kept.id === 'string' && typeof kept.seq === 'number' && typeof kept.fields === 'object' ? kept : null;
}
