// Sends where this unit is, and only when its crew has switched that on, and only while the unit is on
// duty: nobody else is ever followed. Positions are not kept on the phone and never caught up on: only where
// the unit is now is worth sending. Start at `Follower`.

import { request } from '../api/client';

const ON_AS = 'watchfire.crew.position';
/** The shortest time between two positions, in ms. */
export const EVERY_MS_MIN = 5_000;
/** A unit that stands still says so this often, in ms: an old position looks lost. */
const STANDING_MS = 30_000;

/** What can be said of sending: why it does not work, if it does not. */
export type PositionState = 'off' | 'searching' | 'sent' | 'waiting' | 'denied' | 'unknown' | 'missing';

/** A point. */
interface Point { lat: number; lon: number }

/** Follows this phone while the crew wants it. */
export class Follower {
  on = $state(false);
  state = $state<PositionState>('off');
  /** Where this phone is, for the distance; null when not known or not wanted. */
  here = $state.raw<Point | null>(null);

  #watch: number | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #last: GeolocationPosition | null = null;
  #sent: { at: number; lat: number; lon: number } | null = null;
  #busy = false;

  constructor(private readonly unit: string) {}

  /** Goes on where the crew left it switched on. */
  resume() {
    if (localStorage.getItem(ON_AS) === this.unit) this.switchOn();
  }

  /** Begins to send; the browser asks the crew first. */
  switchOn() {
    if (this.on) return;
    if (!('geolocation' in navigator) || !window.isSecureContext) {
      this.state = 'missing';
      return;
    }
    this.on = true;
    this.state = 'searching';
    localStorage.setItem(ON_AS, this.unit);
    this.#watch = navigator.geolocation.watchPosition(
      (position) => this.#take(position),
      (error) => this.#fail(error),
      { enableHighAccuracy: true, maximumAge: EVERY_MS_MIN, timeout: 30_000 },
    );
    this.#timer = setInterval(() => void this.#send(), EVERY_MS_MIN);
  }

  /** Stops sending and forgets where the phone was. */
  switchOff() {
    this.stop();
    this.state = 'off';
    localStorage.removeItem(ON_AS);
  }

  /** Stops for now, when the page goes. */
  stop() {
    if (this.#watch !== null) navigator.geolocation.clearWatch(this.#watch);
    clearInterval(this.#timer);
    this.#watch = null;
    this.#last = null;
    this.#sent = null;
    this.here = null;
    this.on = false;
  }

  #take(position: GeolocationPosition) {
    const first = this.#last === null;
    this.#last = position;
    this.here = { lat: position.coords.latitude, lon: position.coords.longitude };
    if (first) void this.#send();
  }

  #fail(error: GeolocationPositionError) {
    if (error.code === error.PERMISSION_DENIED) {
      this.switchOff();
      this.state = 'denied';
    } else {
      this.here = null;
      this.#last = null;
      this.state = 'unknown';
    }
  }

  async #send() {
    const last = this.#last;
    if (!last || this.#busy || !this.on) return;
    const now = performance.now();
    const { latitude: lat, longitude: lon, heading } = last.coords;
    const sent = this.#sent;
    if (sent && now - sent.at < EVERY_MS_MIN - 100) return;
    if (sent && sent.lat === lat && sent.lon === lon && now - sent.at < STANDING_MS) return;
    this.#busy = true;
    try {
      const heading_deg = heading === null || Number.isNaN(heading) ? undefined : Math.round(heading) % 360;
      const body = heading_deg === undefined ? { lat, lon } : { lat, lon, heading_deg };
      const answer = await request<{ taken: number }>('PUT', `/units/${encodeURIComponent(this.unit)}/position`, { body });
      this.#sent = { at: now, lat, lon };
      if (!this.on) return;
      this.state = 'sent';
      // The node follows nobody who is off duty; neither does this page then.
      if (answer.taken === 0) this.switchOff();
    } catch {
      if (this.on) this.state = 'waiting';
    } finally {
      this.#busy = false;
    }
  }
}
