// What the action line asks the node: to do what a line says, and what may stand at its cursor. The
// grammar is the node's; this page knows none of it.

import { act, request } from '../api/client';
import type { components } from '../api/schema';
import type { Acted } from '../desk/acts.svelte';

type Shown = components['schemas'];

/** What is selected on this screen, for words like "it". */
export interface LineContext {
  incident?: string;
  unit?: string;
  call?: string;
}

/** What became of a line. Written out, because the node's description has two shapes of one name, `LineView`, and keeps the
    other: that of a line between nodes. */
export interface LineAnswer {
  confirm: string | null;
  go: Shown['GoView'] | null;
  help: Shown['VerbView'][] | null;
  outcome: Shown['LineOutcome'];
  records: Shown['RecordNameView'][];
  understood: Shown['TextView'];
  undo_before: string | null;
  unsure: Shown['TextView'][];
}

/** What may stand at the cursor, and the stretch of the text that it takes the place of, in characters. */
export type LineChoices = Shown['CompletionView'];

/** Asks the node to do what a line says. */
export const doLine = (text: string, context: LineContext, confirm: string | null, key: string): Promise<Acted<LineAnswer>> =>
  act<LineAnswer>('POST', '/actions/line', confirm === null ? { text, context } : { text, context, confirm }, key);

/** Asks what may stand at the cursor. */
export const completeLine = (text: string, at: number, context: LineContext, signal: AbortSignal) =>
  request<LineChoices>('POST', '/actions/line/complete', { body: { text, at, context }, signal });
