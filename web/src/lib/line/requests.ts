// What the action line asks the node: to do what a line says, and what may stand at its cursor. The
// grammar is the node's; this page knows none of it.

import { act, request } from '../api/client';
import type { Bilingual } from '../api/types';
import type { Acted } from '../desk/acts.svelte';

/** What is selected on this screen, for words like "it". */
export interface LineContext {
  incident?: string;
  unit?: string;
  call?: string;
}

/** What became of a line. */
export interface LineAnswer {
  outcome: 'done' | 'confirm' | 'show' | 'help';
  understood: Bilingual;
  confirm?: string | null;
  go?: { kind: 'incident' | 'unit' | 'call' | 'seat'; id: string; text?: string | null } | null;
  help?: Bilingual | null;
}

/** Something that may stand at the cursor. */
export interface LineChoice {
  insert: string;
  label: string;
  detail: Bilingual;
}

export interface LineChoices {
  /** The stretch of the text that a choice takes the place of, in characters. */
  from: number;
  to: number;
  choices: LineChoice[];
  hint: Bilingual;
}

/** Asks the node to do what a line says. */
export const doLine = (text: string, context: LineContext, confirm: string | null, key: string): Promise<Acted<LineAnswer>> =>
  act<LineAnswer>('POST', '/actions/line', confirm === null ? { text, context } : { text, context, confirm }, key);

/** Asks what may stand at the cursor. */
export const completeLine = (text: string, at: number, context: LineContext, signal: AbortSignal) =>
  request<LineChoices>('POST', '/actions/line/complete', { body: { text, at, context }, signal });
