// Marks that would lie on one another are drawn as one mark with a count. The grid they are counted in
// lies fast on the ground for each whole zoom, so that crowds neither jump nor split while the map is
// moved. Pure. Start at `gather`.

import type { Point } from '../api/types';

/** Pixels of the whole world at zoom 0. */
const WORLD_PX = 512;
/** A crowd's mark keeps away from the edge of its cell by this share, so that two never touch. */
const EDGE = 0.25;

/** How crowds are made of one kind of thing. */
export interface Crowding {
  /** Width of a cell, in px. */
  cell_px: number;
  /** How many things in a cell make a crowd. */
  crowd_min: number;
  /** Zoom from which nothing is a crowd. */
  zoom_max: number;
}

/** Several things drawn as one. */
export interface Crowd<T> extends Point { members: T[] }

const x_of = (lon: number) => (lon + 180) / 360;
const y_of = (lat: number) => {
  const sine = Math.sin((lat * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
};
const lon_of = (x: number) => x * 360 - 180;
const lat_of = (y: number) => (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;

/** Returns the things that stand alone, and the crowds. Those that `keep` names always stand alone. */
export function gather<T>(
  things: readonly T[], at: (thing: T) => Point, keep: (thing: T) => boolean, zoom: number, how: Crowding,
): { alone: T[]; crowds: Crowd<T>[] } {
  if (zoom >= how.zoom_max) return { alone: [...things], crowds: [] };
  const cells_across = (WORLD_PX * 2 ** Math.floor(zoom)) / how.cell_px;
  const cells = new Map<number, { x: number; y: number; members: T[] }>();
  const alone: T[] = [];
  for (const thing of things) {
    if (keep(thing)) {
      alone.push(thing);
      continue;
    }
    const { lat, lon } = at(thing);
    const x = x_of(lon) * cells_across;
    const y = y_of(lat) * cells_across;
    const key = Math.floor(y) * Math.ceil(cells_across) + Math.floor(x);
    const cell = cells.get(key);
    if (cell) {
      cell.x += x;
      cell.y += y;
      cell.members.push(thing);
    } else {
      cells.set(key, { x, y, members: [thing] });
    }
  }
  const crowds: Crowd<T>[] = [];
  for (const { x, y, members } of cells.values()) {
    if (members.length < how.crowd_min) {
      alone.push(...members);
      continue;
    }
    crowds.push({
      lon: lon_of(inside(x / members.length) / cells_across),
      lat: lat_of(inside(y / members.length) / cells_across),
      members,
    });
  }
  return { alone, crowds };
}

/** Moves a coordinate away from the edges of its cell. */
function inside(value: number): number {
  const cell = Math.floor(value);
  return cell + Math.min(1 - EDGE, Math.max(EDGE, value - cell));
}
