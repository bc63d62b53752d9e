// Which roads the road conditions in force meet, as the node works it out. Asked for again whenever the
// node says that another set of conditions is in force. Start at `RoadsMet.follow`.

import type { RoadsMetAnswer } from '../api/types';
import { readRoadsMet } from './requests';

/** How long to wait before asking again after it failed, in ms. */
const AGAIN_MS = 3_000;

/** The roads that are met, by condition. */
export class RoadsMet {
  answer = $state.raw<RoadsMetAnswer | null>(null);
  failed = $state(false);
  /** What is met, by the id of the condition. */
  by_id = $derived(new Map((this.answer?.features ?? []).map(({ properties }) => [properties.road_condition, properties])));

  /** Asks for what is in force; returns how to stop. */
  follow(): () => void {
    const stop = new AbortController();
    let again: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        this.answer = await readRoadsMet(stop.signal);
        this.failed = false;
      } catch {
        if (stop.signal.aborted) return;
        this.failed = true;
        again = setTimeout(() => void ask(), AGAIN_MS);
      }
    };
    void ask();
    return () => {
      stop.abort();
      clearTimeout(again);
    };
  }
}
