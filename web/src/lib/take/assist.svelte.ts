// What the node says while one call is typed: what it may be about and what to ask, which places the typed
// text may mean, and which other reports may be of the same event. Each is asked after a pause of its
// own and only the newest answer counts; the form never waits for any of them. Start at `Assist.start`.

import { Refusal } from '../api/client';
import type { Point, Priority } from '../api/types';
import { placeOf, type Draft, type Spot } from './draft.svelte';
import { Latest } from './latest';
import { askDuplicates, askTriage, findPlaces, placeAt, type DuplicatesBody, type TriageBody } from './requests';
import type { Hint, PlaceHit, Triage } from './types';

const PLACES_PAUSE_MS = 80;
const TRIAGE_PAUSE_MS = 150;
const HINTS_PAUSE_MS = 50;
/** How often reports that came in meanwhile are looked for, in ms. */
const HINTS_AGAIN_MS = 8_000;
/** How many places are listed. */
export const PLACES_MAX = 9;

/** How an asking stands. `not_offered` is a node without the feature, which is not a fault. */
export type Asking = 'idle' | 'busy' | 'loaded' | 'failed' | 'not_offered';

const failed = (error: unknown): Asking => (error instanceof Refusal && error.problem.status === 404 ? 'not_offered' : 'failed');

/** The node's answers about one half-typed call. */
export class Assist {
  triage = $state.raw<Triage | null>(null);
  triage_state = $state<Asking>('idle');
  triage_error = $state.raw<unknown>(null);

  places = $state.raw<PlaceHit[]>([]);
  places_state = $state<Asking>('idle');
  places_error = $state.raw<unknown>(null);
  /** The text that the listed places were found for. */
  places_for = $state('');

  hints = $state.raw<Hint[]>([]);
  hints_state = $state<Asking>('idle');
  hints_error = $state.raw<unknown>(null);
  /** When the hints came, by the node's clock in ms: their ages count on from there. */
  hints_at_ms = $state(0);
  /** The record of the hint that a person chose; the best one counts while none was chosen. */
  chosen = $state<string | null>(null);

  #places: Latest<string, { places: PlaceHit[] }>;
  #triage: Latest<TriageBody, Triage>;
  #hints: Latest<DuplicatesBody, { hints: Hint[] }>;
  #triage_asked = '';
  #hints_asked = '';
  #closed = new AbortController();

  constructor(readonly draft: Draft, near: () => Point | null, private readonly now_ms: () => number) {
    this.#places = new Latest(
      (text, signal) => findPlaces(text, near(), PLACES_MAX, signal),
      ({ places }, text) => {
        this.places = places;
        this.places_for = text;
        this.places_state = 'loaded';
        this.places_error = null;
      },
      (error) => {
        this.places = [];
        this.places_state = failed(error);
        this.places_error = error;
      },
    );
    this.#triage = new Latest(
      askTriage,
      (answer) => {
        this.triage = answer;
        this.triage_state = 'loaded';
        this.triage_error = null;
      },
      (error) => {
        // What was guessed before stays on the screen, marked as not fresh.
        this.triage_state = failed(error);
        this.triage_error = error;
        this.#triage_asked = '';
      },
    );
    this.#hints = new Latest(
      askDuplicates,
      ({ hints }) => {
        this.hints = hints;
        this.hints_at_ms = this.now_ms();
        this.hints_state = 'loaded';
        this.hints_error = null;
      },
      (error) => {
        this.hints_state = failed(error);
        this.hints_error = error;
        this.#hints_asked = '';
      },
    );
  }

  /** Begins with what is typed already; returns how to stop. */
  start(): () => void {
    this.wonder(0);
    this.compare(0);
    const again = setInterval(() => {
      if (this.hints_state === 'idle' || this.hints_state === 'not_offered' || document.visibilityState === 'hidden') return;
      this.#hints_asked = '';
      this.compare(0);
    }, HINTS_AGAIN_MS);
    return () => {
      clearInterval(again);
      this.#closed.abort();
      for (const each of [this.#places, this.#triage, this.#hints]) each.stop();
    };
  }

  /** The category that stands on the screen: the chosen one, or the guess. */
  get category(): string | null {
    return this.draft.fields.category ?? this.triage?.category ?? null;
  }

  /** The urgency that stands on the screen: the chosen one, or what follows from the answers. */
  get priority(): Priority | null {
    return this.draft.fields.priority ?? this.triage?.priority ?? null;
  }

  /** The report that "same event" means. */
  get same(): Hint | null {
    return this.hints.find((hint) => recordOf(hint) === this.chosen) ?? this.hints[0] ?? null;
  }

  /** Asks what the call is about, when the words, the category or the answers changed. */
  wonder(pause_ms = TRIAGE_PAUSE_MS) {
    const { said, category, answers } = this.draft.fields;
    const body: TriageBody = {
      ...(said.trim() === '' ? {} : { said: said.trim() }),
      ...(category === null ? {} : { category }),
      ...(answers.length === 0 ? {} : { answers: $state.snapshot(answers) }),
    };
    const asked = JSON.stringify(body);
    if (asked === this.#triage_asked) return;
    this.#triage_asked = asked;
    if (asked === '{}') {
      this.#triage.stop();
      this.triage = null;
      this.triage_state = 'idle';
      return;
    }
    this.triage_state = this.triage_state === 'not_offered' ? 'not_offered' : 'busy';
    this.#triage.soon(body, pause_ms);
  }

  /** Asks which reports are of the same event, when the place, the category or the number changed. */
  compare(pause_ms = HINTS_PAUSE_MS) {
    const { fields } = this.draft;
    const place = placeOf(fields);
    const callback = fields.callback.trim();
    const { category } = this;
    if (!place && callback.length < 4) {
      this.#hints.stop();
      this.#hints_asked = '';
      this.hints = [];
      this.hints_state = 'idle';
      return;
    }
    const body: DuplicatesBody = {
      ...(place ? { place } : {}),
      ...(category === null ? {} : { category }),
      ...(callback === '' ? {} : { callback }),
    };
    const asked = JSON.stringify(body);
    if (asked === this.#hints_asked) return;
    this.#hints_asked = asked;
    if (this.hints_state === 'idle') this.hints_state = 'busy';
    this.#hints.soon(body, pause_ms);
  }

  /** Takes over what was typed for the place and looks for it. The chosen point stays only while the words
      under which it was chosen are still there: details may follow them, another street may not. */
  typePlace(address: string) {
    const { spot } = this.draft.fields;
    const kept = spot !== null && address.startsWith(spot.text) ? spot : null;
    this.draft.put({ address, spot: kept });
    if (kept === null && spot !== null) this.compare();
    this.#places.stop();
    const text = address.trim();
    if (kept !== null || text === '') {
      this.places = [];
      this.places_for = '';
      if (this.places_state !== 'not_offered') this.places_state = 'idle';
      return;
    }
    if (this.places_state !== 'not_offered') this.places_state = 'busy';
    this.#places.soon(text, PLACES_PAUSE_MS);
  }

  /** Takes over a place that was found. The point of a road is one near its middle. */
  chooseHit({ kind, lat, lon, area, text }: PlaceHit) {
    this.choosePlace({ lat, lon, area, text, rough: kind === 'road' });
  }

  /** Takes over a place that was chosen. */
  choosePlace(spot: Spot) {
    this.#places.stop();
    this.places = [];
    this.places_for = '';
    if (this.places_state !== 'not_offered') this.places_state = 'idle';
    this.chosen = null;
    this.draft.put({ address: spot.text, spot });
    this.compare(0);
  }

  /** Takes over a point of the map; its words come from the node a moment later. */
  async choosePoint(point: Point) {
    const bare = `${point.lat.toFixed(5)}, ${point.lon.toFixed(5)}`;
    this.choosePlace({ ...point, area: null, text: bare, rough: false });
    try {
      const { text, area } = await placeAt(point, this.#closed.signal);
      const { spot, address } = this.draft.fields;
      // Meanwhile another place may have been chosen, or words written after the numbers.
      if (spot?.lat === point.lat && spot.lon === point.lon && address === bare) this.choosePlace({ ...point, area, text, rough: false });
    } catch {
      // The numbers stay; they are a place too.
    }
  }

  /** Answers a question, or takes the same answer back. */
  answer(question: string, answer: string) {
    const { answers } = this.draft.fields;
    const others = answers.filter((each) => each.question !== question);
    const again = answers.some((each) => each.question === question && each.answer === answer);
    this.draft.put({ answers: again ? others : [...others, { question, answer }] });
    this.wonder(0);
  }
}

/** Returns the id of the record that a hint is about; a call and an incident may have the same number. */
export const recordOf = (hint: Hint): string => hint.incident ?? hint.call ?? '';

/** Reads "latitude, longitude" from a text, for a node that finds no places. */
export function readCoordinates(text: string): Point | null {
  const found = /^\s*(-?\d{1,2}(?:\.\d+)?)\s*[,，\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/.exec(text);
  if (!found) return null;
  const [lat, lon] = [Number(found[1]), Number(found[2])];
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;
}
