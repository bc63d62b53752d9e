// What a click on the map means besides selecting: at most one tool is active, and a new one ends the
// one before. Whoever needs a place makes a `MapTool`, gives it to a map, and asks it to pick.

import type { Point } from '../api/types';

/** A place is being picked, by mouse or by keyboard. */
export interface Picking {
  /** What for, in the present language: the map says it while the tool is active. */
  words: string;
  onpick: (point: Point) => void;
  /** The person left without picking, or another tool began. */
  onleave?: () => void;
  /** Several places are picked one after the other until the person ends it. */
  several?: {
    /** Takes the last place back. */
    onback: () => void;
    /** Ends it; returns false when there are too few places yet. */
    onend: () => boolean;
  };
}

/** The tool of one map. */
export class MapTool {
  active = $state.raw<Picking | null>(null);
  #last: Point | null = null;

  /** Begins to pick a place; ends whatever was active. */
  pick(picking: Picking) {
    this.leave();
    this.#last = null;
    this.active = picking;
  }

  /** Ends the tool without a place. */
  leave() {
    const left = this.active;
    this.active = null;
    left?.onleave?.();
  }

  /** Takes a place, and ends the tool unless several are wanted; the map calls this. */
  done(point: Point) {
    const picking = this.active;
    if (!picking?.several) this.active = null;
    this.#last = point;
    picking?.onpick(point);
  }

  /** Takes the place in the middle of the map, or ends the tool where that was taken last; the map calls this for Enter.
      `clicked` is true where the last place was clicked: then Enter means the end. */
  enter(point: Point, clicked: boolean) {
    const last = this.#last;
    const same = last !== null && last.lat === point.lat && last.lon === point.lon;
    if (this.active?.several && last !== null && (clicked || same)) this.end();
    else this.done(point);
  }

  /** Ends a tool that takes several places; returns false where there are too few of them. */
  end(): boolean {
    if (!this.active?.several?.onend()) return false;
    this.active = null;
    return true;
  }
}
