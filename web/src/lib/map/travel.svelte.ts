// Where the selected unit gets to and when: its rings of travel time and its way to an incident, as the
// node works them out. It asks anew when the unit has moved, at most every ten seconds, and forgets an
// answer that comes after the selection changed. Start at `UnitTravel.follow`.

import { Refusal } from '../api/client';
import type { Point, Problem } from '../api/types';
import { readReach, readRoute, type Reach, type Route } from './requests';

/** The shortest time between two askings for the same unit, in ms. */
const AGAIN_MS = 10_000;

/** What is known of one answer of the node. */
export type Told<T> =
  | { state: 'unasked' }
  | { state: 'loading' }
  | { state: 'told'; value: T }
  /** The node said no, in its own words. */
  | { state: 'refused'; problem: Problem }
  | { state: 'failed' };

/** The requests this needs. */
export interface TravelRequests {
  readReach: (unit: string, signal: AbortSignal) => Promise<Reach>;
  readRoute: (unit: string, incident: string, signal: AbortSignal) => Promise<Route>;
}

/** The travel of the selected unit, shown on the map and in words. */
export class UnitTravel {
  unit = $state<string | null>(null);
  incident = $state<string | null>(null);
  reach = $state.raw<Told<Reach>>({ state: 'unasked' });
  route = $state.raw<Told<Route>>({ state: 'unasked' });

  #stop: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly requests: TravelRequests = { readReach, readRoute }) {}

  /** Follows a unit on its way to an incident, if there is one; returns how to stop. `where` tells its last position. */
  follow(unit: string, incident: string | null, where: () => Point | undefined): () => void {
    this.#end();
    this.unit = unit;
    this.incident = incident;
    this.reach = { state: 'loading' };
    this.route = incident === null ? { state: 'unasked' } : { state: 'loading' };
    const stop = new AbortController();
    this.#stop = stop;
    void this.#ask(stop.signal, where, undefined);
    return () => {
      if (this.#stop === stop) this.#end();
    };
  }

  async #ask(signal: AbortSignal, where: () => Point | undefined, asked_at: Point | undefined) {
    const { unit, incident } = this;
    const at = where();
    // A unit that stands still still gets where it got before; an answer that failed is tried again.
    const stands = at !== undefined && asked_at !== undefined && at.lat === asked_at.lat && at.lon === asked_at.lon;
    if (unit !== null && !(stands && this.reach.state === 'told')) {
      const [reach, route] = await Promise.all([
        told(this.requests.readReach(unit, signal)),
        incident === null ? { state: 'unasked' as const } : told(this.requests.readRoute(unit, incident, signal)),
      ]);
      if (signal.aborted) return;
      this.reach = reach;
      this.route = route;
    }
    this.#timer = setTimeout(() => void this.#ask(signal, where, at), AGAIN_MS);
  }

  #end() {
    clearTimeout(this.#timer);
    this.#stop?.abort();
    this.#stop = null;
    this.unit = null;
    this.incident = null;
    this.reach = { state: 'unasked' };
    this.route = { state: 'unasked' };
  }
}

async function told<T>(asking: Promise<T>): Promise<Told<T>> {
  try {
    return { state: 'told', value: await asking };
  } catch (error) {
    return error instanceof Refusal ? { state: 'refused', problem: error.problem } : { state: 'failed' };
  }
}
