// What the node says of support: asked anew when a record of support or an operation changed, and every so often, because
// much of it changes with the clock alone (what is unanswered, lapsed, late). It decides nothing. Start at `SupportWatch`.

import { untrack } from 'svelte';
import { request } from '../api/client';
import type { Support, SupportRequest, SupportWait } from '../api/types';
import type { Board } from '../board/board.svelte';

/** How long changes are gathered before the node is asked, and how often it is asked without any, in ms. */
const GATHER_MS = 250;
const ASK_MS = 15_000;

/** Something that waits for a person here. */
export interface Waiting {
  wait: SupportWait;
  request: SupportRequest;
}

/** The waits in the order of their gravity. */
export const WAITS = ['unanswered', 'short', 'to_answer', 'unpromised', 'late', 'to_accept', 'to_return'] as const satisfies readonly SupportWait[];

export class SupportWatch {
  /** As the node last said; null until it has. */
  shown = $state.raw<Support | null>(null);
  /** Why it could not be asked the last time. */
  error = $state.raw<unknown>(null);
  /** All that waits, the gravest first. */
  waits = $derived.by<Waiting[]>(() => {
    const all = [...(this.shown?.requests ?? []), ...(this.shown?.elsewhere ?? [])];
    const waiting = all.flatMap((each) => each.waits.map((wait) => ({ wait, request: each })));
    return waiting.sort((a, b) => WAITS.indexOf(a.wait) - WAITS.indexOf(b.wait) || (a.request.asked_at < b.request.asked_at ? -1 : 1));
  });

  #gather: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  constructor(private readonly board: Board) {}

  /** Follows the board; call it within an effect. Returns how to stop. */
  follow(): () => void {
    $effect(() => {
      // What other homes tell comes with their operations.
      for (const each of this.board.operations.values()) void each.version;
      void this.board.support_changes;
      void this.board.loading;
      void this.board.line;
      untrack(() => this.askSoon());
    });
    const timer = setInterval(() => void this.ask(), ASK_MS);
    return () => {
      clearInterval(timer);
      clearTimeout(this.#gather);
    };
  }

  /** Asks soon, once for all that changes until then. */
  askSoon() {
    clearTimeout(this.#gather);
    this.#gather = setTimeout(() => void this.ask(), GATHER_MS);
  }

  /** Asks the node. */
  async ask(): Promise<void> {
    if (this.board.loading !== 'loaded') return;
    const mine = ++this.#asked;
    try {
      const shown = await request<Support>('GET', '/support');
      if (mine !== this.#asked) return;
      this.shown = shown;
      this.board.support = shown.requests;
      this.error = null;
    } catch (error) {
      if (mine === this.#asked) this.error = error;
    }
  }

  /** Returns a request by its id, wherever its home is. */
  find(id: string | null): SupportRequest | undefined {
    const all = [...(this.shown?.requests ?? []), ...(this.shown?.elsewhere ?? [])];
    return all.find((each) => each.id === id);
  }
}
