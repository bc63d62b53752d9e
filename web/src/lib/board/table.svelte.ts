// Records of one kind by id, as a page holds them. Whoever reads one record hears of that one. Whoever reads
// all hears of any change, through one signal: Svelte's own map makes each reader of all depend on each
// record by itself, which for ten thousand units cost more than what was done with them.

import { untrack } from 'svelte';

/** One record and its signal. */
class Held<T> {
  record = $state.raw<T>();

  constructor(record: T) {
    this.record = record;
  }
}

/** A map whose readers hear of what they read. */
export class Table<T> extends Map<string, T> {
  #held = new Map<string, Held<T>>();
  /** Counts up with every change. */
  #changes = $state(0);
  /** Counts up when a record comes or goes. */
  #members = $state(0);

  override get(id: string): T | undefined {
    const held = this.#held.get(id);
    // One that is not there may come.
    if (held === undefined) void this.#members;
    return held?.record;
  }

  override has(id: string): boolean {
    void this.#members;
    return super.has(id);
  }

  override set(id: string, record: T): this {
    // Whoever writes within an effect does not read by it.
    untrack(() => this.#set(id, record));
    return this;
  }

  override delete(id: string): boolean {
    return untrack(() => this.#delete(id));
  }

  override clear() {
    for (const id of [...super.keys()]) this.delete(id);
  }

  override get size(): number {
    void this.#members;
    return super.size;
  }

  override keys() {
    void this.#members;
    return super.keys();
  }

  override values() {
    void this.#changes;
    return super.values();
  }

  override entries() {
    void this.#changes;
    return super.entries();
  }

  override [Symbol.iterator]() {
    return this.entries();
  }

  override forEach(each: (record: T, id: string, all: Map<string, T>) => void) {
    void this.#changes;
    super.forEach(each);
  }

  #set(id: string, record: T) {
    const held = this.#held.get(id);
    super.set(id, record);
    if (held === undefined) {
      this.#held.set(id, new Held(record));
      this.#members += 1;
    } else if (held.record !== record) {
      held.record = record;
    } else return;
    this.#changes += 1;
  }

  #delete(id: string): boolean {
    if (!super.delete(id)) return false;
    // Whoever read it hears that it is gone.
    const held = this.#held.get(id);
    this.#held.delete(id);
    if (held) held.record = undefined;
    this.#members += 1;
    this.#changes += 1;
    return true;
  }
}
