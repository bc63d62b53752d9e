// What a person does in operations: each is one request, its answer put on the board at once, and what became of it stands in
// the strip of acts. Whether it may be done is the node's to say. Start at `step`.

import { act, idempotencyKey } from '../../api/client';
import type { components } from '../../api/schema';
import type { Handling, Incident, Operation } from '../../api/types';
import type { Desk } from '../../desk/desk.svelte';
import { t, type Key } from '../../strings/index.svelte';

const part = encodeURIComponent;

/** A step in an operation, as the node takes it. */
export type OperationStep = components['schemas']['OperationStep'];

/** Words for a step, by its name. */
type Deed = Extract<Key, `deed.operation.${string}`>;

/** Takes a step in an operation; returns it as it then is, or null when the node did not do it. */
export async function step(desk: Desk, operation: Operation, body: OperationStep, of = ''): Promise<Operation | null> {
  const path = `/operations/${part(operation.id)}/steps`;
  const text = t(`deed.operation.${body.do}` as Deed, { name: operation.name, of });
  const record = await desk.acts.run(`${path} ${JSON.stringify(body)}`, text, (key) => act<Operation>('POST', path, body, key));
  if (record) desk.board.take({ kind: 'operation', record });
  return record;
}

/** Notes that a screen shows a record of another home. Nobody asked for it, so nobody is told what became of it. */
export async function show(operation: string, node: string, record: string): Promise<void> {
  await act('POST', `/operations/${part(operation)}/steps`, { do: 'show', node, record }, idempotencyKey());
}

/** What an operation is raised for. */
export interface RaiseBody {
  name: string;
  purpose: string;
  legal_basis: string;
  handling: Handling;
  history_since_join: boolean;
  exercise: boolean;
  /** The operation that it goes on for, if its lead was lost. */
  succeeds?: string;
}

/** Raises an operation, which this node then leads. */
export async function raise(desk: Desk, body: RaiseBody): Promise<Operation | null> {
  const text = t('deed.operation.raise', { name: body.name });
  const record = await desk.acts.run(`/operations ${JSON.stringify(body)}`, text, (key) => act<Operation>('POST', '/operations', body, key));
  if (record) desk.board.take({ kind: 'operation', record });
  return record;
}

/** An incident of another home. */
export interface Elsewhere { node: string; incident: string }

/** Opens an incident of our own about one that another home shares, and pairs them. */
export const openFor = (desk: Desk, of: Elsewhere, words: string) => onPair(desk, '/incidents/paired', of, t('deed.pair.open', { of: words }));

/** Says that an incident of ours is about the same situation as one of another home. */
export const pair = (desk: Desk, own: string, of: Elsewhere, words: string) =>
  onPair(desk, `/incidents/${part(own)}/pairs`, of, t('deed.pair.with', { of: words }));

/** Says that it is not. Both stay as they are, with every call. */
export const unpair = (desk: Desk, own: string, of: Elsewhere, words: string) =>
  onPair(desk, `/incidents/${part(own)}/pairs/end`, of, t('deed.pair.end', { of: words }));

async function onPair(desk: Desk, path: string, of: Elsewhere, text: string): Promise<Incident | null> {
  const record = await desk.acts.run(`${path} ${of.node} ${of.incident}`, text, (key) => act<Incident>('POST', path, of, key));
  if (record) desk.board.take({ kind: 'incident', record });
  return record;
}
