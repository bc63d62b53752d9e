// Lets few units glide from fix to fix instead of jumping, so that the eye can follow them. What is
// drawn is behind the fix by less than a second; it never goes beyond it. Start at `Glide.place`.

import type { Point } from '../api/types';
import type { PlacedUnit } from './layers/layer';

/** How many units glide at most: each step costs a drawing. */
export const GLIDING_MAX = 150;
/** How long a unit takes from one fix to the next, in ms of real time. */
const GLIDE_MS = 900;
/** A step longer than this, in degrees, is a jump and is shown as one. */
const JUMP_DEG = 0.02;

interface Step { from: Point; to: Point; begun: number }

/** The units that are between two fixes. */
export class Glide {
  #steps = new Map<string, Step>();

  /** Sets where each unit is drawn at `now`, in ms of any steady clock; returns whether any is still moving. */
  place(units: readonly PlacedUnit[], now: number): boolean {
    const steps = new Map<string, Step>();
    let moving = false;
    for (const placed of units) {
      const to = placed.position;
      const known = this.#steps.get(placed.unit.id);
      const at = known === undefined ? to : between(known, now);
      const same = known !== undefined && known.to.lat === to.lat && known.to.lon === to.lon;
      const far = Math.abs(at.lat - to.lat) > JUMP_DEG || Math.abs(at.lon - to.lon) > JUMP_DEG;
      const step = same ? known : { from: far ? to : at, to: { lat: to.lat, lon: to.lon }, begun: now };
      steps.set(placed.unit.id, step);
      placed.at = between(step, now);
      moving ||= now - step.begun < GLIDE_MS && (step.from.lat !== step.to.lat || step.from.lon !== step.to.lon);
    }
    // Whoever is not drawn any more is forgotten.
    this.#steps = steps;
    return moving;
  }

  /** Forgets everything, so that the next drawing shows the fixes themselves. */
  clear() {
    this.#steps.clear();
  }
}

function between({ from, to, begun }: Step, now: number): Point {
  const share = Math.min(1, Math.max(0, (now - begun) / GLIDE_MS));
  return { lat: from.lat + (to.lat - from.lat) * share, lon: from.lon + (to.lon - from.lon) * share };
}
