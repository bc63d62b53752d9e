// The shapes of what the node says about places, triage and half-typed calls. They stand here only until
// the node's description is generated with them; each is then replaced by its generated type.

import type { Bilingual, Call, Priority } from '../api/types';

/** How a call reached the agency. */
export type Channel = Call['channel'];

/** Somewhere that a typed text may mean. */
export interface PlaceHit {
  kind: 'road' | 'crossing' | 'place' | 'station' | 'point';
  text: string;
  name: string;
  other: string | null;
  lat: number;
  lon: number;
  area: string | null;
  distance_m: number | null;
  matched: 'exact' | 'start' | 'word' | 'pinyin' | 'initials' | 'similar';
}

/** The words for a point. */
export interface PlaceAt {
  text: string;
  road: string | null;
  crossing: string | null;
  distance_m: number | null;
  area: string | null;
  on_map: boolean;
}

/** What was answered to one question. */
export interface Answer {
  question: string;
  answer: string;
}

/** What a call may be about, and the words that speak for it. */
export interface Guess {
  category: string;
  label: Bilingual;
  words: string[];
}

/** One question to the caller. */
export interface Question {
  question: string;
  text: Bilingual;
  answers: { answer: string; text: Bilingual }[];
  answered: string | null;
}

/** What the node makes of the words and the answers. */
export interface Triage {
  guesses: Guess[];
  category: string | null;
  questions: Question[];
  score: number;
  priority: Priority | null;
  reasons: Bilingual[];
  read_out: Bilingual[];
  version: string;
}

/** Something that a call may be about the same event as. */
export interface Hint {
  incident: string | null;
  call: string | null;
  number: number;
  reason: { code: string; text: Bilingual };
  distance_m: number | null;
  age_s: number;
  /** What is known of the other; an older node leaves these out. */
  category?: string | null;
  priority?: Priority | null;
  address?: string | null;
}

/** A place as the node takes it. */
export interface PlaceBody {
  lat: number;
  lon: number;
  address?: string;
  area?: string;
}

/** What is done with a call in the step in which it is taken. */
export type Then = { open: Record<string, never> } | { join: string };

/** A new call. */
export interface CallBody {
  channel: Channel;
  place?: PlaceBody;
  category?: string;
  priority?: Priority;
  caller?: string;
  callback?: string;
  said?: string;
  happened_at?: string;
  ringing_at?: string;
  answers?: Answer[];
  draft?: string;
  then?: Then;
}

/** What is said of a half-typed call to the node, and what it gives back. */
export interface DraftBody {
  seq: number;
  opened_at: string;
  ringing_at?: string;
  channel?: Channel;
  said?: string;
  place_text?: string;
  place?: PlaceBody;
  category?: string;
  priority?: Priority;
  caller?: string;
  callback?: string;
  answers?: Answer[];
}

/** A half-typed call as the node keeps it. */
export type DraftView = { [K in keyof DraftBody]: DraftBody[K] | null } & { id: string; seq: number; opened_at: string };
