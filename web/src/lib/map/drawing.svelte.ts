// A shape that is being drawn on a map for a road condition: its points one after the other, by mouse or by keyboard.
// The map sets the points through its tool; whoever wants the shape reads it here. Start at `Drawing.begin`.

import type { Point } from '../api/types';
import type { MapTool } from './tool.svelte';

/** What can be drawn. */
export type ShapeKind = 'line' | 'area' | 'circle';

/** The fewest points that make each shape. */
const POINTS_MIN: Record<ShapeKind, number> = { line: 2, area: 3, circle: 1 };
/** The most points that the node takes. */
const POINTS_MAX = 200;

/** One shape on its way. */
export class Drawing {
  kind = $state<ShapeKind>('line');
  points = $state.raw<readonly Point[]>([]);
  /** Radius of a circle, in metres. */
  radius_m = $state(50);
  /** True while the map takes points for it. */
  active = $state(false);
  /** Whether there are points enough. */
  whole = $derived(this.points.length >= POINTS_MIN[this.kind]);

  /** Takes points from the map until the shape is ended; `words` say what is drawn, `onend` is told when it is over. */
  begin(tool: MapTool, kind: ShapeKind, words: string, onend: () => void) {
    tool.leave();
    this.kind = kind;
    this.points = [];
    this.active = true;
    const over = () => {
      this.active = false;
      onend();
    };
    const left = () => {
      this.points = [];
      over();
    };
    if (kind === 'circle') {
      tool.pick({ words, onpick: (point) => { this.points = [point]; over(); }, onleave: left });
      return;
    }
    tool.pick({
      words,
      onpick: (point) => (this.points = [...this.points, point].slice(0, POINTS_MAX)),
      onleave: left,
      several: {
        onback: () => (this.points = this.points.slice(0, -1)),
        onend: () => (this.whole ? (over(), true) : false),
      },
    });
  }

  /** Forgets the points. */
  clear() {
    this.points = [];
    this.active = false;
  }
}
