// What a person does with directives: each is one request, its answer put on the board at once, and what became of it stands
// in the strip of acts. Whether it may be done is the node's to say. Start at `onDirective`.

import { act, idempotencyKey, request } from '../../api/client';
import type { components } from '../../api/schema';
import type { Directive, DirectiveBins, DirectiveItem, DirectiveKinds, Operation } from '../../api/types';
import type { Desk } from '../../desk/desk.svelte';
import { numbered, t, type Key } from '../../strings/index.svelte';
import { step as operationStep } from '../operation/requests';
import { base64 } from './picture';

const part = encodeURIComponent;

/** A directive as it is written down, and a step on one, as the node takes them. */
export type DirectiveBody = components['schemas']['DirectiveBody'];
export type DirectiveStep = components['schemas']['DirectiveStep'];

/** How long a file may take on its way, in ms: a megabyte over a line of a telephone. */
const FILE_MS_MAX = 120_000;

type Deed = Extract<Key, `deed.directive.${string}`>;

async function done(desk: Desk, method: string, path: string, body: unknown, text: string, version?: number): Promise<Directive | null> {
  const record = await desk.acts.run(`${method} ${path} ${JSON.stringify(body)}`, text, (key) => act<Directive>(method, path, body, key, version));
  if (record) desk.board.take({ kind: 'directive', record });
  return record;
}

/** Writes a directive down, and issues it unless it is to stay a draft. */
export const write = (desk: Desk, body: DirectiveBody) =>
  done(desk, 'POST', '/directives', body, t(body.draft ? 'deed.directive.draft' : 'deed.directive.issue', { subject: body.subject }));

/** Changes a draft, which must be the one that was seen. */
export const amend = (desk: Desk, directive: Directive, body: DirectiveBody) =>
  done(desk, 'PUT', `/directives/${part(directive.id)}`, body, t('deed.directive.draft', { subject: body.subject }), directive.version);

/** Takes a step on one of this agency's own directives. */
export function onDirective(desk: Desk, directive: Directive, body: DirectiveStep): Promise<Directive | null> {
  const what = body.do === 'advance' ? body.step : body.do;
  const text = t(`deed.directive.${what}` as Deed, { subject: `${numbered(directive.number)} ${directive.subject}` });
  return done(desk, 'POST', `/directives/${part(directive.id)}/steps`, body, text);
}

/**
 * Attaches a file to a directive, as proof of an item if one is given; null when the node did not. Of another agency's it
 * belongs to what this agency answers, and stands on the board once the node says so.
 */
export async function attach(desk: Desk, directive: Directive, own: boolean, label: string, file: Blob, item: number | null): Promise<Directive | null> {
  const body = { label, data: await base64(file), ...(item === null ? {} : { item }), ...(own ? {} : { node: directive.home }) };
  const path = `/directives/${part(directive.id)}/attachments`;
  const text = t('deed.directive.attach', { label });
  const record = await desk.acts.run(`POST ${path} ${JSON.stringify(body)}`, text, (key) => act<Directive>('POST', path, body, key, undefined, FILE_MS_MAX));
  if (record && own) desk.board.take({ kind: 'directive', record });
  return record;
}

/** Takes a step on a directive of another agency that is for this one. */
export function onTheirs(desk: Desk, operation: Operation, directive: Directive, what: 'sign' | 'acting' | 'reported', report?: string): Promise<Operation | null> {
  const { home: node, id } = directive;
  if (what === 'sign') return operationStep(desk, operation, { do: 'sign', node, record: `directive:${id}` }, directive.subject);
  const body = { do: 'advance_directive' as const, node, directive: id, reported: what === 'reported', ...(report === undefined ? {} : { text: report }) };
  return operationStep(desk, operation, body, directive.subject);
}

/** Notes that a device has a directive, or that a screen shows it. Nobody asked for it, so nobody is told what became of it. */
export async function note(directive: Directive, item: DirectiveItem, step: 'delivered' | 'shown'): Promise<void> {
  await act('POST', `/directives/${part(directive.id)}/steps`, { do: 'advance', item: item.item, step }, idempotencyKey());
}

/** Reads the kinds of directive that this agency gives, and its templates. */
export const readKinds = () => request<DirectiveKinds>('GET', '/directives/kinds');

/** Reads one of the agency's own directives. */
export const readDirective = (id: string) => request<Directive>('GET', `/directives/${part(id)}`);

/** Reads a page of the agency's own directives that are over, from a cursor on. */
export const readEnded = (cursor: string | null) =>
  request<{ items: Directive[]; next: string | null }>('GET', `/directives?open=false&limit=50${cursor === null ? '' : `&cursor=${part(cursor)}`}`);

/** Reads the directives that are for whoever asks, with their text. */
export const readOwn = () => request<Directive[]>('GET', '/directives/own');

/** Reads how quickly directives were answered. */
export const readBins = (from: string, to: string) => request<DirectiveBins>('GET', `/directives/bins?from=${part(from)}&to=${part(to)}`);
