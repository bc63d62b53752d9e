// Where half-typed calls lie in this browser: one item of its storage for each, under the person who typed
// it, so that neither a crash nor another person's session nor a second window touches it.

import type { Kept } from './draft.svelte';

const DRAFTS_AS = 'watchfire.drafts';
const TAKEN_AS = 'watchfire.taken';
const DROPPED_AS = 'watchfire.drafts_dropped';
/** How many dropped ones are remembered until the node knows. */
const DROPPED_MAX = 100;
/** How many of one's own calls are remembered. */
export const TAKEN_MAX = 10;

/** The drafts of one person in this browser. */
export class KeptDrafts {
  readonly #before: string;

  constructor(private readonly person: string) {
    this.#before = `${DRAFTS_AS}.${person}.`;
  }

  /** Writes one down; returns false where the browser has no room or forbids it. */
  put(kept: Kept): boolean {
    try {
      localStorage.setItem(this.#before + kept.id, JSON.stringify(kept));
      return true;
    } catch {
      return false;
    }
  }

  /** Forgets one. */
  remove(id: string) {
    localStorage.removeItem(this.#before + id);
  }

  /** Reads all of them; what cannot be read is left where it is. */
  all(): Kept[] {
    const found: Kept[] = [];
    for (let index = 0; index < localStorage.length; index += 1) {
      const name = localStorage.key(index);
      const kept = name?.startsWith(this.#before) ? read(localStorage.getItem(name)) : null;
      if (kept) found.push(kept);
    }
    return found;
  }

  /** Returns what another window changed, from the event that tells of it. */
  told(event: StorageEvent): { id: string; kept: Kept | null } | null {
    if (event.storageArea !== localStorage || !event.key?.startsWith(this.#before)) return null;
    return { id: event.key.slice(this.#before.length), kept: read(event.newValue) };
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

function read(text: string | null): Kept | null {
  try {
    const kept = JSON.parse(text ?? 'null') as Kept | null;
    return kept !== null && typeof kept.id === 'string' && typeof kept.seq === 'number' && typeof kept.fields === 'object' ? kept : null;
  } catch {
    return null;
  }
}
