// An answer of the node that is asked for again and again while somebody looks. What could not be renewed stays and is called
// old, with its time; none at all is not known, and is not nought. Start at `Watch.follow`.

import { request } from '../api/client';
import type { Desk } from '../desk/desk.svelte';

/** The last answer to one question, and since when. */
export class Watch<T> {
  /** The last answer. */
  found = $state.raw<T | null>(null);
  /** When it came, by the board's clock; null until one did. */
  at_ms = $state<number | null>(null);
  error = $state.raw<unknown>(null);
  #turn = 0;

  constructor(
    private readonly desk: Desk,
    private readonly path: () => string,
    private readonly every_ms: number,
  ) {}

  /** True if nothing newer could be had: what stands here may have changed since. */
  get old(): boolean {
    return this.found !== null && (this.error !== null || this.desk.board.line === 'cut');
  }

  /** Asks now. An answer that was overtaken by a later question is not shown. */
  async ask(): Promise<void> {
    const turn = ++this.#turn;
    try {
      const found = await request<T>('GET', this.path());
      if (turn !== this.#turn) return;
      this.found = found;
      this.at_ms = this.desk.board.clock.now_ms || Date.parse(this.desk.node.clock.now);
      this.error = null;
    } catch (fault) {
      if (turn === this.#turn) this.error = fault;
    }
  }

  /** Asks now and from then on; for an effect, which ends it by what is returned, and begins it anew when the line is back. */
  follow(): () => void {
    void this.path();
    if (this.desk.board.line === 'cut') return () => undefined;
    void this.ask();
    const timer = setInterval(() => void this.ask(), this.every_ms);
    return () => clearInterval(timer);
  }
}
