// The node's time, as this page shows it. Every age and timer is counted against this and never
// against the browser's own clock, which may be wrong, and which a replay does not follow. While
// the line is cut the clock stands still: a time that nobody confirmed must not look alive.

import type { ClockMessage } from '../api/types';

/** How often the shown time moves on, in ms. */
const TICK_MS = 500;

/** The clock of the node this page is connected to. */
export class NodeClock {
  /** The node's time in ms since 1970. */
  now_ms = $state(0);
  /** How many times faster than real time it runs; null when it is no replay but the node's own clock. */
  speed = $state<number | null>(1);
  /** By how many seconds the node's clock is behind its log; null when it can be trusted. */
  behind_s = $state<number | null>(null);

  /** The number of the set of road conditions in force; null until the node told it, and without a road network. */
  conditions_version = $state<number | null>(null);

  /** How far the node's time was ahead of this machine's when it was last told, in ms; null until it is. */
  ahead_ms: number | null = null;

  #told_ms = 0;
  #told_at = 0;
  #standing = true;

  /** Takes over the time the node just told. */
  set(message: ClockMessage) {
    const told = Date.parse(message.now);
    if (Number.isNaN(told)) return;
    this.#told_ms = told;
    this.#told_at = performance.now();
    this.ahead_ms = told - Date.now();
    this.#standing = false;
    this.speed = message.speed;
    this.behind_s = message.behind_s ?? null;
    this.conditions_version = message.conditions_version ?? null;
    this.now_ms = told;
  }

  /** Stops the clock where it is until the node speaks again. */
  stand() {
    this.#standing = true;
  }

  /** Runs the shown time; returns how to stop it. */
  start(): () => void {
    const timer = setInterval(() => {
      if (this.#standing) return;
      this.now_ms = Math.round(this.#told_ms + (performance.now() - this.#told_at) * (this.speed ?? 1));
    }, TICK_MS);
    return () => clearInterval(timer);
  }
}
