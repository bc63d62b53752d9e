// What a person does with a planned action: each is one request, and what became of it stands in the strip of acts. Whether it may
// be done is the node's to say. Start at `step`.

import { act, request } from '../../api/client';
import type { components } from '../../api/schema';
import type { OwnTeam, PlannedAction } from '../../api/types';
import type { Desk } from '../../desk/desk.svelte';
import { t, type Key } from '../../strings/index.svelte';

const part = encodeURIComponent;
const path = (operation: string, rest = '') => `/operations/${part(operation)}/planned-action${rest}`;

/** A step in a planned action, as the node takes it. */
export type ActionStep = components['schemas']['PlannedActionStep'];
/** A plan, as the node takes it. */
export type PlanBody = components['schemas']['PlanBody'];
/** What is said of a team. */
export type Word = components['schemas']['WordView'];
export type WordBody = components['schemas']['TeamWordBody'];

/** The longest text of a plan, a reason and a word, in characters. */
export const TEXT_MAX = 120;

/** Words for a step, by its name. */
type Deed = Extract<Key, `deed.action.${string}`>;

/** Reads the planned action of an operation. */
export const readAction = (operation: string) => request<PlannedAction>('GET', path(operation));

/** Reads the planned actions that this node knows of. */
export const readActions = () => request<PlannedAction[]>('GET', '/planned-actions');

/** Reads the teams that one's own unit is part of. */
export const readOwnTeams = () => request<OwnTeam[]>('GET', '/planned-actions/own');

function done<T>(desk: Desk, method: string, to: string, body: unknown, text: string, version?: number): Promise<T | null> {
  return desk.acts.run(`${method} ${to} ${JSON.stringify(body)}`, text, (key) => act<T>(method, to, body, key, version));
}

/** Writes the plan of an operation down. */
export const plan = (desk: Desk, operation: string, body: PlanBody) => done<PlannedAction>(desk, 'POST', path(operation), body, t('deed.action.plan'));

/** Takes a step; returns the action as it then is, or null when the node did not do it: because another decided meanwhile, say. */
export function step(desk: Desk, action: PlannedAction, body: ActionStep) {
  // What the lead decides hangs on what the lead saw; these two are about something else.
  const seen = body.do === 'take_over' || body.do === 'man' ? undefined : action.version;
  return done<PlannedAction>(desk, 'POST', path(action.operation, '/steps'), body, t(`deed.action.${body.do}` as Deed), seen);
}

/** Says where a team stands; returns false when the node did not take it. */
export async function say(desk: Desk, operation: string, body: WordBody, of: string): Promise<boolean> {
  // The answer has no body: what counts is that there is one.
  const to = path(operation, '/words');
  const text = t('deed.action.say', { of, word: t(`action.word.${body.word}`) });
  const said = await desk.acts.run(`${to} ${JSON.stringify(body)}`, text, async (key) => {
    const { undo_s } = await act<null>('POST', to, body, key);
    return { record: true, undo_s };
  });
  return said === true;
}

/** Raises an exercise with the very plan. */
export const rehearse = (desk: Desk, operation: string, name: string, go_at: string) =>
  done<PlannedAction>(desk, 'POST', path(operation, '/rehearsal'), { name, go_at }, t('deed.action.rehearse'));
