// The selected incident's own questions to the node: whom to send, and what has happened. It remembers
// which units the dispatcher ticked and keeps them through a refresh. It decides nothing: the
// recommendation is the node's, and so is every refusal. Start at `Selected`.

import { SvelteSet } from 'svelte/reactivity';
import { readEntries, readRecommendation } from '../../api/client';
import type { EntriesPage, Entry, Recommendation, Rule } from '../../api/types';
import type { Loading } from '../../board/board.svelte';
import type { Desk } from '../../desk/desk.svelte';
import { send } from '../requests';

/** How long changes are gathered before the node is asked again, in ms. */
const GATHER_MS = 300;
/** The shortest time from one asking to the next, in ms. When hundreds call about one event its incident changes many
    times a second in front of everybody, and a recommendation is the dearest thing that a node is asked for. */
const PAUSE_MS = 1_000;
/** How often an open recommendation is asked for again although nothing was heard, in ms. */
const REFRESH_MS = 15_000;
/** The most pages of a timeline that are read at once. */
const ENTRY_PAGES_MAX = 10;
/** One incident as the dispatcher works on it. */
export class Selected {
  recommendation = $state.raw<Recommendation | null>(null);
  recommendation_loading = $state<Loading>('loading');
  recommendation_error = $state.raw<unknown>(null);
  /** The node's time at which the shown recommendation was asked for, in ms. */
  recommended_at_ms = $state(0);

  entries = $state.raw<Entry[]>([]);
  entries_loading = $state<Loading>('loading');
  entries_error = $state.raw<unknown>(null);
  /** True when the timeline is longer than this page reads at once. */
  entries_cut = $state(false);

  /** The units that would be sent. */
  picks = new SvelteSet<string>();
  /** True once the dispatcher changed what the node chose. */
  picked_by_hand = $state(false);

  /** Why others than those recommended go, as one of the rules that came with the recommendation. */
  rule = $state<Rule>('not_said');
  /** True while somebody recommended is not ticked and somebody else is. */
  otherwise_chosen = $derived.by(() => {
    const chosen = this.recommendation?.candidates.filter((candidate) => candidate.chosen) ?? [];
    const recommended = new Set(chosen.map((candidate) => candidate.unit));
    return [...this.picks].some((unit) => !recommended.has(unit)) && chosen.some((candidate) => !this.picks.has(candidate.unit));
  });

  /** True while units are being sent. */
  busy = $state(false);

  #stop = new AbortController();
  #gather: ReturnType<typeof setTimeout> | undefined;
  #asking = false;
  #changed_meanwhile = false;
  #asked_at = -PAUSE_MS;
  #refresh: ReturnType<typeof setInterval> | undefined;
  #recommendation_turn = 0;
  #entries_turn = 0;

  constructor(readonly id: string, private readonly desk: Desk) {}

  /** Begins asking; returns how to stop. */
  start(): () => void {
    this.#refresh = setInterval(() => {
      if (this.desk.board.line === 'live') void this.recommend();
    }, REFRESH_MS);
    return () => {
      this.#stop.abort();
      clearTimeout(this.#gather);
      clearInterval(this.#refresh);
    };
  }

  /** Asks the node again soon, because a record this incident depends on has changed. However often that is, it is
      asked once at a time: answers that overtake each other would never be shown. */
  changed() {
    if (this.#asking) {
      this.#changed_meanwhile = true;
      return;
    }
    const wait = Math.max(GATHER_MS, this.#asked_at + PAUSE_MS - performance.now());
    this.#gather ??= setTimeout(() => void this.#askAgain(), wait);
  }

  async #askAgain() {
    this.#gather = undefined;
    this.#asking = true;
    this.#changed_meanwhile = false;
    this.#asked_at = performance.now();
    await Promise.all([this.recommend(), this.readTimeline()]);
    this.#asking = false;
    if (this.#changed_meanwhile && !this.#stop.signal.aborted) this.changed();
  }

  /** Asks the node whom it would send. */
  async recommend() {
    const turn = ++this.#recommendation_turn;
    const asked_at_ms = this.desk.board.clock.now_ms;
    try {
      const answer = await readRecommendation(this.id, this.#stop.signal);
      if (turn !== this.#recommendation_turn) return;
      this.recommendation = answer;
      this.recommended_at_ms = asked_at_ms;
      this.recommendation_loading = 'loaded';
      this.recommendation_error = null;
      this.#followPicks(answer);
    } catch (error) {
      if (this.#stop.signal.aborted || turn !== this.#recommendation_turn) return;
      this.recommendation_error = error;
      this.recommendation_loading = 'failed';
    }
  }

  /** Reads what has happened so far, oldest first. */
  async readTimeline() {
    const turn = ++this.#entries_turn;
    try {
      const found: Entry[] = [];
      let cursor: string | number | null = null;
      for (let page = 0; page < ENTRY_PAGES_MAX; page += 1) {
        const answer: EntriesPage = await readEntries(this.id, cursor, this.#stop.signal);
        found.push(...answer.entries);
        cursor = answer.next;
        if (cursor === null || cursor === undefined) break;
      }
      if (turn !== this.#entries_turn) return;
      this.entries = found;
      this.entries_cut = cursor !== null && cursor !== undefined;
      this.entries_loading = 'loaded';
    } catch (error) {
      if (this.#stop.signal.aborted || turn !== this.#entries_turn) return;
      this.entries_error = error;
      this.entries_loading = 'failed';
    }
  }

  /** Ticks or unticks a unit; from then on the ticks are the dispatcher's. */
  toggle(unit: string) {
    this.picked_by_hand = true;
    if (!this.picks.delete(unit)) this.picks.add(unit);
  }

  /** Goes back to the units the node chose. */
  pickRecommended() {
    this.picked_by_hand = false;
    if (this.recommendation) this.#followPicks(this.recommendation);
  }

  /** Sends the ticked units. */
  async send() {
    if (this.picks.size === 0 || this.busy) return;
    this.busy = true;
    const sent = await send(this.desk, this.id, [...this.picks], this.otherwise_chosen ? this.rule : undefined);
    this.busy = false;
    if (sent) {
      this.picks.clear();
      this.picked_by_hand = false;
      this.rule = 'not_said';
    }
    this.changed();
  }

  #followPicks(answer: Recommendation) {
    if (this.picked_by_hand) {
      const offered = new Set(answer.candidates.map((candidate) => candidate.unit));
      for (const unit of [...this.picks]) if (!offered.has(unit)) this.picks.delete(unit);
      return;
    }
    this.picks.clear();
    for (const candidate of answer.candidates) if (candidate.chosen) this.picks.add(candidate.unit);
  }
}
