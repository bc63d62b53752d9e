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
}

/** The tool of one map. */
export class MapTool {
  active = $state.raw<Picking | null>(null);

  /** Begins to pick a place; ends whatever was active. */
  pick(picking: Picking) {
    this.leave();
    this.active = picking;
  }

  /** Ends the tool without a place. */
  leave() {
    const left = this.active;
    this.active = null;
    left?.onleave?.();
  }

  /** Ends the tool with a place; the map calls this. */
  done(point: Point) {
    const picking = this.active;
    this.active = null;
    picking?.onpick(point);
  }
}
