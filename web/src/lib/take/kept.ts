// Where half-typed calls lie in this browser: one item of its storage for each, under the person who typed
// it, so that neither a crash nor another person's session nor a second window touches it.

import type { Kept } from './draft.svelte';

const DRAFTS_AS = 'watchfire.drafts';
const TAKEN_AS = 'watchfire.taken';
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
    try {
      localStorage.setItem(`${TAKEN_AS}.${this.person}`, JSON.stringify(ids));
    } catch {
      // The list is a convenience; the calls are on the node.
    }
    return ids;
  }

  /** Returns the calls that this person took in this browser, the newest first. */
  remembered(): string[] {
    try {
      const ids: unknown = JSON.parse(localStorage.getItem(`${TAKEN_AS}.${this.person}`) ?? '[]');
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
