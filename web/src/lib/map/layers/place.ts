// Small geometry for drawing: near enough to stand at a place, and side by side when several marks
// would lie on one another. Distances here are for the eye; travel times come from the node.

import type { Point } from '../../api/types';

/** How near a unit must be to its station to be counted as standing there, in m. */
const AT_STATION_M = 120;
/** Metres in one degree of latitude. */
const DEGREE_M = 111_320;

/** Returns true when `a` is at `b` for the purpose of drawing. */
export function standsAt(a: Point, b: Point): boolean {
  const north_m = (a.lat - b.lat) * DEGREE_M;
  const east_m = (a.lon - b.lon) * DEGREE_M * Math.cos((b.lat * Math.PI) / 180);
  return north_m * north_m + east_m * east_m < AT_STATION_M * AT_STATION_M;
}

/** Returns a number for each point: how many points before it lie on (nearly) the same spot. */
export function slots(points: Point[]): number[] {
  const taken = new Map<string, number>();
  return points.map((point) => {
    const spot = `${point.lat.toFixed(4)} ${point.lon.toFixed(4)}`;
    const slot = taken.get(spot) ?? 0;
    taken.set(spot, slot + 1);
    return slot;
  });
}
