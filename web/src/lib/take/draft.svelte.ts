// One half-typed call: what was typed so far, since when, and how it is written down for the node and for
// this browser. It counts its changes, so that of two copies the newer is known. It asks nobody
// anything. Start at `Draft.put`.

import type { Bilingual, Priority } from '../api/types';
import { idempotencyKey } from '../api/client';
import type { Answer, CallBody, Channel, DraftBody, DraftView, PlaceBody } from './types';

/** A chosen place: where it is, and the words under which it was chosen. */
export interface Spot {
  lat: number;
  lon: number;
  area: string | null;
  text: string;
  /** True where the place is long and the point only one of it. */
  rough: boolean;
}

/** Everything that can be typed or chosen. */
export interface Fields {
  /** When the call was answered, by the node's clock; null until that clock was heard. */
  opened_at: string | null;
  /** How long it rang before, in s. */
  rang_s: number | null;
  channel: Channel;
  said: string;
  /** The place as typed. */
  address: string;
  spot: Spot | null;
  /** What a person chose; null while it is left to the guess. */
  category: string | null;
  priority: Priority | null;
  caller: string;
  callback: string;
  answers: Answer[];
}

/** A call that was sent to the node, of which it is not known whether it arrived. */
export interface Sent {
  key: string;
  body: CallBody;
  /** The change up to which the body holds everything. */
  seq: number;
}

/** How a half-typed call is written down in this browser. */
export interface Kept {
  id: string;
  seq: number;
  /** The last change that the node has confirmed; 0 for none. */
  on_node: number;
  fields: Fields;
  sent: Sent | null;
}

/** Whether the node has it too. */
export type Keeping = 'new' | 'due' | 'node' | 'browser' | 'not_offered';

const blank = (): Fields => ({
  opened_at: null, rang_s: null, channel: 'phone', said: '', address: '', spot: null,
  category: null, priority: null, caller: '', callback: '', answers: [],
});

/** The longest texts that the node takes, in characters. */
export const SAID_MAX = 4_000;
export const LINE_MAX = 200;
/** The longest ringing that the node takes, in s. */
export const RANG_S_MAX = 86_400;

/** One half-typed call. */
export class Draft {
  fields = $state<Fields>(blank());
  seq = $state(0);
  on_node = $state(0);
  /** True once it was answered: a blank form that nobody needs yet is no call. */
  begun = $state(false);
  sent = $state.raw<Sent | null>(null);
  keeping = $state<Keeping>('new');
  /** When the node confirmed it last, by the browser's running clock in ms. */
  kept_at_ms = $state(0);
  /** True while it is being accepted. */
  busy = $state(false);
  /** Why the node keeps it no more, in its words: it became a call, or was given up elsewhere. */
  ended = $state.raw<Bilingual | null>(null);
  /** Why the node did not keep the last change, in its words. */
  not_kept = $state.raw<Bilingual | null>(null);
  /** When it was begun by the browser's clock, for as long as the node's clock was not heard. */
  begun_at_ms = Date.now();

  constructor(readonly id: string, private readonly onchange: (draft: Draft) => void) {}

  /** Takes over what was typed or chosen. */
  put(change: Partial<Fields>) {
    Object.assign(this.fields, change);
    this.begun = true;
    this.changed();
  }

  /** Counts a change and has it kept. */
  changed() {
    this.seq += 1;
    this.onchange(this);
  }

  /** Returns true if nobody typed anything yet. */
  get empty(): boolean {
    const { said, address, spot, category, priority, caller, callback, answers } = this.fields;
    return (
      (said + address + caller + callback).trim() === '' && spot === null && category === null && priority === null && answers.length === 0
    );
  }

  /** Returns the first words of it, for a list. */
  get title(): string {
    const { said, address, callback } = this.fields;
    return [address.trim(), said.trim(), callback.trim()].find((text) => text !== '') ?? '';
  }

  /** Returns it as this browser writes it down. */
  keep(): Kept {
    return { id: this.id, seq: this.seq, on_node: this.on_node, fields: $state.snapshot(this.fields), sent: this.sent };
  }

  /** Takes over a newer copy of it. */
  take(kept: Pick<Kept, 'seq' | 'fields'>) {
    this.fields = { ...blank(), ...kept.fields };
    this.seq = kept.seq;
    this.begun = true;
  }

  /** Returns true if everything in it is in what the node has. */
  get all_on_node(): boolean {
    return this.seq <= Math.max(this.on_node, this.sent?.seq ?? 0);
  }

  /** Returns it as the node keeps it, what is empty left out; null until the node's clock was heard. */
  forNode(): DraftBody | null {
    const { fields } = this;
    if (fields.opened_at === null) return null;
    const body: DraftBody = { seq: this.seq, opened_at: fields.opened_at, channel: fields.channel };
    const ringing_at = ringingAt(fields);
    if (ringing_at !== null) body.ringing_at = ringing_at;
    if (fields.said !== '') body.said = fields.said;
    if (fields.address !== '') body.place_text = fields.address;
    const place = placeOf(fields);
    if (place) body.place = place;
    if (fields.category !== null) body.category = fields.category;
    if (fields.priority !== null) body.priority = fields.priority;
    if (fields.caller !== '') body.caller = fields.caller;
    if (fields.callback !== '') body.callback = fields.callback;
    if (fields.answers.length > 0) body.answers = $state.snapshot(fields.answers);
    return body;
  }

  /** Returns the call to be taken, with the category and urgency that the screen shows. */
  call(category: string | null, priority: Priority | null): CallBody {
    const { fields } = this;
    const body: CallBody = { channel: fields.channel, draft: this.id };
    const place = placeOf(fields);
    if (place) body.place = place;
    if (category !== null) body.category = category;
    if (priority !== null) body.priority = priority;
    const text = (text: string) => (text.trim() === '' ? undefined : text.trim());
    const caller = text(fields.caller);
    const callback = text(fields.callback);
    // A place that nobody found on the map must not be lost with the call.
    const said = text(place || fields.address.trim() === '' ? fields.said : `${fields.said.trim()}\n@ ${fields.address.trim()}`);
    if (caller) body.caller = caller;
    if (callback) body.callback = callback;
    if (said) body.said = said.slice(0, SAID_MAX);
    if (fields.opened_at !== null) body.happened_at = fields.opened_at;
    const ringing_at = ringingAt(fields);
    if (ringing_at !== null) body.ringing_at = ringing_at;
    if (fields.answers.length > 0) body.answers = $state.snapshot(fields.answers);
    return body;
  }
}

/** Returns a new id for a half-typed call, written as the node writes ids. */
export const newId = (): string => idempotencyKey().replaceAll('-', '');

/** Returns the chosen place with the words that were typed for it. */
export function placeOf(fields: Fields): PlaceBody | null {
  if (fields.spot === null) return null;
  // The named area is for the eye; the station area is the node's to find.
  const { lat, lon } = fields.spot;
  const address = fields.address.trim();
  return { lat, lon, ...(address === '' ? {} : { address }) };
}

/** Returns when it began to ring. */
function ringingAt({ opened_at, rang_s }: Fields): string | null {
  if (opened_at === null || rang_s === null) return null;
  return new Date(Date.parse(opened_at) - rang_s * 1000).toISOString();
}

/** Reads a half-typed call as the node keeps it. */
export function fromNode(view: DraftView): Kept {
  const { opened_at } = view;
  const rang_s =
    view.ringing_at ? Math.round((Date.parse(opened_at) - Date.parse(view.ringing_at)) / 1000) : null;
  const place = view.place ?? null;
  const address = view.place_text ?? place?.address ?? '';
  return {
    id: view.id,
    seq: view.seq,
    on_node: view.seq,
    sent: null,
    fields: {
      ...blank(),
      opened_at,
      rang_s,
      channel: view.channel ?? 'phone',
      said: view.said ?? '',
      address,
      spot: place ? { lat: place.lat, lon: place.lon, area: place.area ?? null, text: address, rough: false } : null,
      category: view.category ?? null,
      priority: view.priority ?? null,
      caller: view.caller ?? '',
      callback: view.callback ?? '',
      answers: view.answers ?? [],
    },
  };
}
