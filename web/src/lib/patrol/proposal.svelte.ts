// What the node proposes for one plan, and how far asking has come. It is asked for by a person, and by itself when a unit
// with visits left is called away. Start at `Proposing.ask`.

import type { PatrolProposal } from '../api/types';
import { propose } from './requests';

/** Asking for rounds, for one plan at a time. */
export class Proposing {
  state = $state<'none' | 'asking' | 'told' | 'failed'>('none');
  told = $state.raw<PatrolProposal | null>(null);
  error = $state.raw<unknown>(null);
  #asking: AbortController | null = null;

  /** Asks for the rounds of a plan, in place of what was asked before. */
  async ask(plan: string) {
    this.forget();
    const mine = new AbortController();
    this.#asking = mine;
    this.state = 'asking';
    try {
      const told = await propose(plan, mine.signal);
      if (mine.signal.aborted) return;
      this.told = told;
      this.state = 'told';
    } catch (error) {
      if (mine.signal.aborted) return;
      this.error = error;
      this.state = 'failed';
    }
  }

  /** Forgets what was proposed. */
  forget() {
    this.#asking?.abort();
    this.#asking = null;
    this.told = null;
    this.error = null;
    this.state = 'none';
  }
}
