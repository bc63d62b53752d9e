// A patrol plan as it is being written down: points picked on the map, units by call sign, when it begins and how long it
// lasts. What is wrong with it is the node's to say. Start at `PlanDraft`.

import type { Point } from '../api/types';
import type { PlanBody } from './requests';

/** A point while it is being written down. */
export interface DraftPoint extends Point {
  no: number;
  label: string;
  to: Point | null;
  stay_min: number;
  often: 'times' | 'every';
  count: number;
  minutes: number;
  volunteers: boolean;
}

/** A plan while it is being written down. */
export class PlanDraft {
  theme = $state('');
  /** In how many minutes it begins. */
  begins_min = $state(0);
  /** How long it lasts, in hours. */
  lasts_h = $state(4);
  units = $state<string[]>([]);
  points = $state<DraftPoint[]>([]);

  /** Adds a point, with the next number and what the last one was asked for. */
  add(at: Point, label: string): DraftPoint {
    const last = this.points.at(-1);
    this.points.push({
      ...at, label, to: null, no: (last?.no ?? 0) + 1, stay_min: last?.stay_min ?? 5, often: last?.often ?? 'times', count: last?.count ?? 2,
      minutes: last?.minutes ?? 60, volunteers: last?.volunteers ?? false,
    });
    return this.points.at(-1)!;
  }

  /** Takes a point away. */
  remove(no: number) {
    this.points = this.points.filter((point) => point.no !== no);
  }

  /** Returns it as the node takes it. */
  body(now_ms: number): PlanBody {
    const from_ms = now_ms + this.begins_min * 60_000;
    return {
      theme: this.theme,
      from: new Date(from_ms).toISOString(),
      until: new Date(from_ms + this.lasts_h * 3_600_000).toISOString(),
      units: this.units,
      points: this.points.map(({ no, label, lat, lon, to, stay_min, often, count, minutes, volunteers }) => ({
        no, label, lat, lon, ...(to === null ? {} : { to: { lat: to.lat, lon: to.lon } }), stay_min,
        wanted: often === 'times' ? { is: 'times' as const, count } : { is: 'every' as const, minutes }, windows: [], volunteers,
      })),
    };
  }
}
