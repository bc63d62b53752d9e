// What a person does about support: each is one request, and what became of it stands in the strip of acts; then the node
// is asked how all of it stands. Start at `ask`.

import { act, request } from '../api/client';
import type { SupportCapability, SupportFigures, SupportOffer, SupportRequest } from '../api/types';
import type { Desk } from '../desk/desk.svelte';
import { t } from '../strings/index.svelte';

const part = encodeURIComponent;

async function done<T>(desk: Desk, method: string, path: string, body: unknown, text: string, version?: number): Promise<T | null> {
  const record = await desk.acts.run(`${method} ${path} ${JSON.stringify(body)}`, text, (key) => act<T>(method, path, body, key, version));
  if (record) await desk.support.ask();
  return record;
}

/** What is asked for, as it is sent. */
export interface Wish {
  code: string;
  quantity: number;
  place?: { lat: number; lon: number; address?: string };
  from?: string;
  until: string;
  purpose: string;
  priority: number;
  need?: string;
  incident?: string;
  operation?: string;
}

/** Asks for support. */
export const ask = (desk: Desk, wish: Wish, name: string) => done<SupportRequest>(desk, 'POST', '/support/requests', wish, t('deed.support.ask', { code: name, n: wish.quantity }));

/** What is offered, as it is sent. */
export interface Terms {
  capability: string;
  quantity: number;
  eta: string;
  until: string;
  answer_by?: string;
  note?: string;
}

/** Answers a request by an offer. */
export const offer = (desk: Desk, to: SupportRequest, terms: Terms) =>
  done<SupportRequest>(desk, 'POST', '/support/offers', { node: to.node, request: to.id, ...terms }, t('deed.support.offer', { n: terms.quantity, no: to.number }));

/** Answers a request by a no. */
export const decline = (desk: Desk, to: SupportRequest, reason: string) =>
  done<SupportRequest>(desk, 'POST', '/support/declines', { node: to.node, request: to.id, reason }, t('deed.support.decline', { no: to.number }));

/** Accepts an offer, whole or in part. */
export const commit = (desk: Desk, of: SupportRequest, taken: SupportOffer, quantity: number) =>
  onRequest(desk, of, { do: 'commit', node: taken.node, offer: taken.id, quantity }, t('deed.support.commit', { name: taken.home_name, n: quantity }));

/** Lets go of what was accepted. */
export const release = (desk: Desk, of: SupportRequest, taken: SupportOffer) =>
  onRequest(desk, of, { do: 'release', node: taken.node, offer: taken.id }, t('deed.support.release', { name: taken.home_name }));

/** Takes a request back. */
export const withdraw = (desk: Desk, of: SupportRequest, reason: string) => onRequest(desk, of, { do: 'withdraw', reason }, t('deed.support.withdraw', { no: of.number }));

/** Closes a request. */
export const close = (desk: Desk, of: SupportRequest, met: boolean, reason?: string) =>
  onRequest(desk, of, { do: 'close', met, ...(reason ? { reason } : {}) }, t('deed.support.close', { no: of.number }));

/** Says that its alarm was seen. */
export const seeAlarm = (desk: Desk, of: SupportRequest, code: string) => onRequest(desk, of, { do: 'see_alarm', code }, t('deed.support.seen', { no: of.number }));

function onRequest(desk: Desk, of: SupportRequest, step: object, text: string) {
  return done<SupportRequest>(desk, 'POST', `/support/requests/${part(of.id)}/steps`, step, text);
}

/** Does a step on one of this node's offers. */
export const onOffer = (desk: Desk, one: SupportOffer, what: 'promise' | 'deliver' | 'return') =>
  done<SupportRequest>(desk, 'POST', `/support/offers/${part(one.id)}/steps`, { do: what }, t(`deed.support.${what}`, { n: one.accepted ?? one.quantity }));

/** Takes an offer back. */
export const withdrawOffer = (desk: Desk, one: SupportOffer, reason: string) =>
  done<SupportRequest>(desk, 'POST', `/support/offers/${part(one.id)}/steps`, { do: 'withdraw', reason }, t('deed.support.take_back', { n: one.quantity }));

/** A capability as it is entered. */
export interface CapabilityBody {
  code: string;
  name: string;
  name_other?: string;
  quantity: number;
  hours: { days: number[]; from_min: number; until_min: number; who: string; reach: string }[];
  note?: string;
}

/** Enters a capability, or changes one. */
export function keep(desk: Desk, body: CapabilityBody, one?: SupportCapability) {
  const text = t('deed.support.keep', { name: body.name });
  return one
    ? done<SupportCapability>(desk, 'PUT', `/support/capabilities/${part(one.id)}`, body, text, one.version)
    : done<SupportCapability>(desk, 'POST', '/support/capabilities', body, text);
}

/** Takes a capability out of the catalogue. */
export const retire = (desk: Desk, one: SupportCapability, reason: string) =>
  done<SupportCapability>(desk, 'POST', `/support/capabilities/${part(one.id)}/retire`, { reason }, t('deed.support.retire', { name: one.name }));

/** Lets the members of an operation see a capability, or no longer. */
export const share = (desk: Desk, one: SupportCapability, operation: string, on: boolean) =>
  done<unknown>(
    desk, 'POST', `/operations/${part(operation)}/steps`,
    on ? { do: 'share', record: `support_capability:${one.id}`, assist: true } : { do: 'end_share', record: `support_capability:${one.id}` },
    t(on ? 'deed.support.share' : 'deed.support.unshare', { name: one.name }),
  );

/** Reads what the requests of the last days came to. */
export const readFigures = (from: string, signal: AbortSignal) => request<SupportFigures>('GET', `/support/figures?from=${part(from)}`, { signal });
