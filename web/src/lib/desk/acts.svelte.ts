// What this person asked the node to do, from this window: waiting to be durable, done, refused or of
// unknown fate, and what can still be taken back. The same thing tried again after a broken line keeps
// its key, so that the node does it once. It knows nothing of records. Start at `Acts.run`.

import { LineFault, idempotencyKey, undo } from '../api/client';
import { play } from './sound';

/** What became of one asking. */
export type ActState = 'waiting' | 'durable' | 'refused' | 'unknown' | 'taken_back';

/** One thing asked of the node. */
export interface Act {
  readonly key: string;
  /** What it is, in words for the person who asked. */
  readonly text: string;
  state: ActState;
  error: unknown;
  /** Until when it can be taken back, by this browser's own running clock in ms; null when it cannot. */
  undo_until_ms: number | null;
  /** When it was asked, by the browser's running clock in ms. */
  asked_ms: number;
  /** Asks for it again under the same key; null where the asker does that in its own place. */
  again: (() => void) | null;
}

/** What a request of an action gives: the answer, and how long it can be taken back for. */
export interface Acted<T> {
  record: T;
  /** Seconds for which it can be taken back; null when it cannot. */
  undo_s: number | null;
}

/** How many are remembered. */
const KEPT_MAX = 30;

/** The askings of this window, the newest first. */
export class Acts {
  list = $state<Act[]>([]);
  /** What waits to be durable; the screen says so while there is anything. */
  waiting = $derived(this.list.filter((act) => act.state === 'waiting'));

  #again = new Map<string, string>();

  /** Asks the node to do something. `name` tells the same asking from another: one that broke off is asked again
      under its old key. Returns what the node answered, or null when it did not go through; the act says why. */
  async run<T>(name: string, text: string, request: (key: string) => Promise<Acted<T>>): Promise<T | null> {
    if (this.list.some((act) => act.state === 'waiting' && act.key === this.#again.get(name))) return null;
    const key = this.#again.get(name) ?? idempotencyKey();
    this.#again.set(name, key);
    // What is asked again takes the place of its first asking.
    this.list = this.list.filter((each) => each.key !== key);
    this.list.unshift({ key, text, state: 'waiting', error: null, undo_until_ms: null, asked_ms: performance.now(), again: null });
    const act = this.list[0]!;
    if (this.list.length > KEPT_MAX) this.list.length = KEPT_MAX;
    try {
      const { record, undo_s } = await request(key);
      this.#again.delete(name);
      act.state = 'durable';
      act.undo_until_ms = undo_s === null ? null : performance.now() + undo_s * 1000;
      play('accepted');
      return record;
    } catch (error) {
      // A refusal is the end of it; a broken line is not, so its key is kept for the next try.
      if (!(error instanceof LineFault)) this.#again.delete(name);
      act.state = error instanceof LineFault ? 'unknown' : 'refused';
      if (act.state === 'unknown') act.again = () => void this.#askAgain(act, name, text, request);
      act.error = error;
      play('refused');
      return null;
    }
  }

  async #askAgain<T>(act: Act, name: string, text: string, request: (key: string) => Promise<Acted<T>>) {
    this.dismiss(act);
    await this.run(name, text, request);
  }

  /** Notes what was done by another way than `run`: the action line asks first and acts then. */
  done(key: string, text: string, undo_s: number | null) {
    const undo_until_ms = undo_s === null ? null : performance.now() + undo_s * 1000;
    this.list.unshift({ key, text, state: 'durable', error: null, undo_until_ms, asked_ms: performance.now(), again: null });
    if (this.list.length > KEPT_MAX) this.list.length = KEPT_MAX;
    play('accepted');
  }

  /** Takes back what was done, where the world allows it; the node says whether. */
  async takeBack(act: Act): Promise<boolean> {
    act.undo_until_ms = null;
    try {
      await undo(act.key, idempotencyKey());
      act.state = 'taken_back';
      play('accepted');
      return true;
    } catch (error) {
      act.error = error;
      play('refused');
      return false;
    }
  }

  /** Takes the newest thing back that still can be; returns false when there is none. */
  takeBackLast(): boolean {
    const act = this.list.find((each) => each.undo_until_ms !== null && each.undo_until_ms > performance.now());
    if (!act) return false;
    void this.takeBack(act);
    return true;
  }

  /** Lets a message go from the screen. */
  dismiss(act: Act) {
    this.list = this.list.filter((each) => each.key !== act.key || each.state === 'waiting');
  }
}
