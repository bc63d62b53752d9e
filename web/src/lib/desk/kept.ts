// What this browser keeps of what a person types: items of one kind, one entry of its storage for each, under the person whose
// they are, so that neither a crash nor another person's session nor a second window touches them. Start at `KeptItems`.

/** The items of one kind of one person in this browser. */
export class KeptItems<Item> {
  readonly #before: string;

  /** `read` tells what an item is, or null where it is none. */
  constructor(kind: string, protected readonly person: string, private readonly read: (text: unknown) => Item | null) {
    this.#before = `${kind}.${person}.`;
  }

  /** Writes one down; returns false where the browser has no room or forbids it. */
  put(id: string, item: Item): boolean {
    try {
      localStorage.setItem(this.#before + id, JSON.stringify(item));
      return true;
    } catch {
      return false;
    }
  }

  /** Reads one; null where there is none that can be read. */
  get(id: string): Item | null {
    return this.#read(localStorage.getItem(this.#before + id));
  }

  /** Forgets one. */
  remove(id: string) {
    localStorage.removeItem(this.#before + id);
  }

  /** Reads all of them; what cannot be read is left where it is. */
  all(): Item[] {
    return names().filter((name) => name.startsWith(this.#before)).flatMap((name) => this.#read(localStorage.getItem(name)) ?? []);
  }

  /** Returns what another window changed, from the event that tells of it. */
  told(event: StorageEvent): { id: string; kept: Item | null } | null {
    if (event.storageArea !== localStorage || !event.key?.startsWith(this.#before)) return null;
    return { id: event.key.slice(this.#before.length), kept: this.#read(event.newValue) };
  }

  #read(text: string | null): Item | null {
    try {
      return this.read(JSON.parse(text ?? 'null'));
    } catch {
      return null;
    }
  }
}

/** Forgets all items of a kind, whosever they are, but those of one person where one is named. */
export function forgetItems(kind: string, but?: string) {
  const gone = (name: string) => name.startsWith(`${kind}.`) && !(but !== undefined && name.startsWith(`${kind}.${but}.`));
  for (const name of names().filter(gone)) localStorage.removeItem(name);
}

const names = () => Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index) ?? '');
