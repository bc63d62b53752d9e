// What a person does about peers: invite, accept, compare, name, shut out and let in. Whether it may be done is the node's
// to say; what it says of an enrolment that came to nothing is put into words here. Start at `invite`.

import { act, idempotencyKey, readPeers, request } from '../../api/client';
import type { Invitation, Peer, Peers } from '../../api/types';
import type { Desk } from '../../desk/desk.svelte';
import { t, type Key } from '../../strings/index.svelte';

const part = encodeURIComponent;

/** Makes an invitation, which is shown once. */
export const invite = () => request<Invitation>('POST', '/peers/invitations', { body: {} });

/** Accepts an invitation of another agency; its node is called from then on. */
export async function accept(desk: Desk, text: string): Promise<void> {
  const record = await request<Peers>('POST', '/peers/enrolments', { body: { text }, key: idempotencyKey() });
  desk.board.take({ kind: 'peers', record });
}

/** Says that the codes are the same, or that they are not. */
export async function compared(desk: Desk, enrolment: string, step: { do: 'confirm'; code: string } | { do: 'refuse' }): Promise<void> {
  const record = await request<Peers>('POST', `/peers/enrolments/${part(enrolment)}`, { body: step, key: idempotencyKey() });
  desk.board.take({ kind: 'peers', record });
}

/** What is decided about a peer. */
export type PeerStep = { do: 'amend'; name: string; addresses: string[] } | { do: 'shut_out'; reason: string } | { do: 'let_in' };

/** Decides something about a peer; returns false when the node did not do it. */
export async function onPeer(desk: Desk, peer: Peer, step: PeerStep): Promise<boolean> {
  const path = `/peers/${part(peer.id ?? '')}/steps`;
  const text = t(`deed.peer.${step.do}`, { name: peer.name });
  const done = await desk.acts.run(`${path} ${JSON.stringify(step)}`, text, (key) => act<Peer>('POST', path, step, key));
  if (done) await readPeers().then((record) => desk.board.take({ kind: 'peers', record })).catch(() => undefined);
  return done !== null;
}

/** What the node says of an enrolment that came to nothing, by how it begins, and our words for it. It says it in English
    only, and without a code. */
const SAID: readonly [begins: RegExp, key: Key][] = [
  [/the invitation is out of date/, 'enrol.why.expired'],
  [/no such invitation is open there/, 'enrol.why.not_invited'],
  [/used by two/, 'enrol.why.used_twice'],
  [/identity does not hold/, 'enrol.why.identity'],
  [/not that of its certificate/, 'enrol.why.mismatch'],
  [/did not keep to the exchange/, 'enrol.why.commitment'],
  [/this node's own/, 'enrol.why.ourselves'],
  [/peers already/, 'enrol.why.already'],
  [/it was refused here/, 'enrol.why.refused_here'],
  [/it was refused there/, 'enrol.why.refused_there'],
  [/not confirmed on both sides in time/, 'enrol.why.too_late'],
  [/did not answer for a day/, 'enrol.why.not_heard'],
  [/does not follow the exchange/, 'enrol.why.protocol'],
  [/enrolments are open already/, 'enrol.why.too_many'],
  [/in use here already/, 'enrol.why.in_use'],
  [/this is no invitation/, 'enrol.why.no_invitation'],
  [/of a later version/, 'enrol.why.later'],
  [/an invitation has no|has a slip|not whole|makes no sense/, 'enrol.why.damaged'],
  [/does not know how it is reached/, 'enrol.why.no_address'],
  [/no code to compare/, 'enrol.why.no_code'],
  [/not the code that is shown/, 'enrol.why.other_code'],
  [/confirmed already/, 'enrol.why.confirmed'],
  [/no such enrolment/, 'enrol.why.unknown'],
];

/** Returns our words for why an enrolment came to nothing; what is not known is shown as the node says it. */
export function whyNot(said: string): { words: string; raw: string | null } {
  const found = SAID.find(([begins]) => begins.test(said));
  return found ? { words: t(found[1]), raw: null } : { words: t('enrol.why.line'), raw: said };
}
