// The one live stream from the node: it opens it, notices silence, waits and opens it again from
// the last cursor. It knows nothing of what the records mean; it hands every message on and says
// in which of its states it is. Start at `Line`.

import type { ClockMessage, PositionsMessage, RecordMessage } from '../api/types';

/**
 * What can be said of the line:
 * `opening` never heard yet; `live` heard just now; `catching_up` open again, but not yet
 * confirmed by the node's clock; `cut` silent for too long or broken.
 */
export type LineState = 'opening' | 'live' | 'catching_up' | 'cut';

/** Silence after which the line counts as lost, in ms; the node speaks every 2 s. */
export const SILENCE_MS_MAX = 6_000;
/** The shortest and longest wait before trying again, in ms. */
export const RETRY_MS_MIN = 500;
export const RETRY_MS_MAX = 8_000;
/** How often silence is looked for, in ms. */
const WATCH_MS = 500;

/** Who is told what the line brings. */
export interface LineListener {
  record(message: RecordMessage): void;
  positions(message: PositionsMessage): void;
  clock(message: ClockMessage): void;
  reset(): void;
  state(state: LineState): void;
}

/** The live stream of one page. */
export class Line {
  #source: EventSource | null = null;
  #cursor: string;
  #state: LineState = 'opening';
  #heard_at = performance.now();
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval>;

  constructor(cursor: string, private readonly listener: LineListener) {
    this.#cursor = cursor;
    this.#open();
    this.#watch = setInterval(() => this.#lookForSilence(), WATCH_MS);
  }

  /** Ends the stream for good. */
  close() {
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = null;
  }

  #open() {
    const source = new EventSource(`/api/v1/stream?from=${encodeURIComponent(this.#cursor)}`);
    this.#source = source;
    this.#heard_at = performance.now();
    const on = <T>(name: string, take: (body: T) => void) =>
      source.addEventListener(name, (event: MessageEvent<string>) => {
        if (source !== this.#source) return;
        if (event.lastEventId !== '') this.#cursor = event.lastEventId;
        this.#heard_at = performance.now();
        take(JSON.parse(event.data === '' ? 'null' : event.data) as T);
      });
    on<RecordMessage>('record', (message) => {
      this.#heard('catching_up');
      this.listener.record(message);
    });
    on<PositionsMessage>('positions', (message) => {
      this.#heard('catching_up');
      this.listener.positions(message);
    });
    on<ClockMessage>('clock', (message) => {
      this.#failures = 0;
      this.#become('live');
      this.listener.clock(message);
    });
    on<unknown>('reset', () => this.listener.reset());
    source.onerror = () => {
      if (source === this.#source) this.#lose();
    };
  }

  /** A message is a sign of life, but only the clock says that nothing older is still to come. */
  #heard(state: LineState) {
    if (this.#state === 'cut') this.#become(state);
  }

  #lookForSilence() {
    if (this.#source !== null && performance.now() - this.#heard_at > SILENCE_MS_MAX) this.#lose();
  }

  #lose() {
    this.#source?.close();
    this.#source = null;
    this.#become('cut');
    // Every console loses a restarted node in the same instant; the random part keeps them from
    // all coming back in the same instant too.
    const longest = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** this.#failures);
    this.#failures += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#open(), longest / 2 + Math.random() * (longest / 2));
  }

  #become(state: LineState) {
    if (state === this.#state) return;
    this.#state = state;
    this.listener.state(state);
  }
}
