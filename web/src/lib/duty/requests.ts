// What a person does about duty: each is one request, and what became of it stands in the strip of acts. Start at
// `onShift` and `onHandover`.

import { act, request } from '../api/client';
import type { DutyNow, DutyPost, HandoverSheet, RosterProposal, Shift, ShiftLog } from '../api/types';
import type { Desk } from '../desk/desk.svelte';
import { t } from '../strings/index.svelte';

const part = encodeURIComponent;

/** Asks who is on duty now. */
export const readDuty = (signal?: AbortSignal) => request<DutyNow>('GET', '/duty', { signal });

/** Asks for a shift and its log. */
export const readShift = (id: string, signal?: AbortSignal) => request<ShiftLog>('GET', `/duty/shifts/${part(id)}`, { signal });

/** Asks for a handover, item by item. */
export const readHandover = (id: string, signal?: AbortSignal) => request<HandoverSheet>('GET', `/duty/handovers/${part(id)}`, { signal });

/** Somebody who signs in here. */
export interface Colleague { id: string; name: string; login: string; seats: string[]; disabled: boolean; program: boolean }

/** Asks who may sign in; for who plans. */
export const readPeople = () => request<{ people: Colleague[] }>('GET', '/people').then((answer) => answer.people);

async function run<T>(desk: Desk, method: string, path: string, body: unknown, text: string, version?: number): Promise<T | null> {
  return desk.acts.run(`${method} ${path} ${JSON.stringify(body)}`, text, (key) => act<T>(method, path, body, key, version));
}

/** What can be done with a shift. */
export type ShiftStep =
  | { do: 'assign'; person?: string; reason?: string }
  | { do: 'take_off'; person: string; reason: string }
  | { do: 'ask_swap'; to: string; theirs?: string }
  | { do: 'answer_swap'; person: string; accept: boolean }
  | { do: 'come_on' }
  | { do: 'go_off' }
  | { do: 'write'; text: string; hands_over: boolean }
  | { do: 'settle'; no: number }
  | { do: 'cancel'; reason: string };

/** Does one thing with a shift. */
export async function onShift(desk: Desk, shift: Pick<Shift, 'id'>, step: ShiftStep): Promise<ShiftLog | null> {
  const done = await run<ShiftLog>(desk, 'POST', `/duty/shifts/${part(shift.id)}/steps`, step, t(`deed.shift.${step.do}`));
  if (done) desk.board.take({ kind: 'shift', record: done.shift });
  return done;
}

/** What can be done in a handover. */
export type HandoverStep =
  | { do: 'accept'; item: string }
  | { do: 'question'; item: string; text: string }
  | { do: 'explain'; item: string; text: string }
  | { do: 'say_gone'; reason: string }
  | { do: 'sign' }
  | { do: 'give_up'; reason: string };

/** Does one thing in a handover. */
export async function onHandover(desk: Desk, id: string, step: HandoverStep): Promise<HandoverSheet | null> {
  const done = await run<HandoverSheet>(desk, 'POST', `/duty/handovers/${part(id)}/steps`, step, t(`deed.handover.${step.do}`));
  if (done) desk.board.take({ kind: 'handover', record: done.handover });
  return done;
}

/** Begins a handover. */
export async function begin(desk: Desk, body: { from: string; outgoing: string; to: string; incoming: string }): Promise<HandoverSheet | null> {
  const done = await run<HandoverSheet>(desk, 'POST', '/duty/handovers', body, t('deed.handover.open'));
  if (done) desk.board.take({ kind: 'handover', record: done.handover });
  return done;
}

/** A duty post as it is written down. */
export interface PostBody {
  name: string;
  name_other?: string;
  seat?: string;
  minimum: number;
  reach: string;
  rest_min: number;
  week_max: number;
  hands_over: boolean;
  pattern?: { anchor_day: number; cycle_days: number; turns: { day: number; start_min: number; length_min: number; team?: number | null }[]; teams: string[][] };
}

/** Enters a duty post, or changes the one that was seen. */
export async function keepPost(desk: Desk, body: PostBody, post?: DutyPost): Promise<DutyPost | null> {
  const text = t('deed.post.keep', { name: body.name });
  const record = post
    ? await run<DutyPost>(desk, 'PUT', `/duty/posts/${part(post.id)}`, body, text, post.version)
    : await run<DutyPost>(desk, 'POST', '/duty/posts', body, text);
  if (record) desk.board.take({ kind: 'duty_post', record });
  return record;
}

/** Asks what shifts a post's pattern comes to; nothing is planned by it. */
export const propose = (post: string, in_days: number, days: number) =>
  request<RosterProposal>('POST', `/duty/posts/${part(post)}/proposal`, { body: { in_days, days } });

/** Plans shifts. */
export const plan = (desk: Desk, post: string, shifts: { from: string; until: string; people: string[] }[], reason: string) =>
  run<DutyPost>(desk, 'POST', `/duty/posts/${part(post)}/shifts`, { shifts, ...(reason === '' ? {} : { reason }) }, t('deed.roster.accept', { n: shifts.length }));

/** Notes that somebody is on leave. */
export async function giveLeave(desk: Desk, post: string, body: { person: string; from: string; until: string }): Promise<DutyPost | null> {
  const record = await run<DutyPost>(desk, 'POST', `/duty/posts/${part(post)}/leaves`, body, t('deed.leave'));
  if (record) desk.board.take({ kind: 'duty_post', record });
  return record;
}

/** Takes a leave back. */
export async function endLeave(desk: Desk, post: string, body: { person: string; from: string }): Promise<DutyPost | null> {
  const record = await run<DutyPost>(desk, 'POST', `/duty/posts/${part(post)}/leaves/end`, body, t('deed.leave.end'));
  if (record) desk.board.take({ kind: 'duty_post', record });
  return record;
}
