// What several parts of the screen read out of an operation: how it is told in a list, what of it waits for somebody here,
// and which incidents are about the same situation. Nothing here decides; the node says what is allowed. Pure functions.

import type { Ask, Delivery, Incident, Member, Operation, Peers, SharedIncident } from '../../api/types';
import { ms } from '../../time';

/** True while an operation goes on and this node takes part in it. */
export const takesPart = (operation: Operation) => operation.own.member && operation.status !== 'closed';

/** Operations as people look for them: those they are called into, then those that go on, then the rest; newest first. */
export function byUse(a: Operation, b: Operation): number {
  const rank = (one: Operation) => (one.own.invited ? 0 : takesPart(one) && one.status !== 'stood_down' ? 1 : takesPart(one) ? 2 : 3);
  return rank(a) - rank(b) || (a.raised_at < b.raised_at ? 1 : -1);
}

/** Asks that wait for an answer of this node. */
export const asksForUs = (operation: Operation) =>
  operation.own.member ? operation.asks.filter((ask) => ask.for_us && ask.status === 'waiting') : [];

/** The other members, as the line to them matters: those that take part. */
export const others = (operation: Operation): Member[] => operation.members.filter((member) => !member.own && member.status === 'member');

/** How far something has come to those whom it is for: whoever was only called in, or is gone, is not waited for. */
export const towards = (delivery: readonly Delivery[], members: readonly Member[]) =>
  delivery.filter((each) => each.at_node || members.some((member) => member.node === each.node && member.status === 'member'));

/** Says since when a node is shut out by us, if it is. */
export const shutOutSince = (peers: Peers | null, node: string): string | null => peers?.peers.find((peer) => peer.node === node)?.shut_out?.at ?? null;

/** What is asked, told from what the ask is about. */
export function askKind(ask: Ask): 'send' | 'release' | 'attend' {
  if (ask.incident !== null) return 'send';
  return ask.record.startsWith('unit:') ? 'release' : 'attend';
}

/** Returns the id of a record that is named with its kind. */
export const idOf = (record: string) => record.slice(record.indexOf(':') + 1);

/** Our own incident that is paired with one of another home, if there is one. */
export function pairedWith(own: Iterable<Incident>, shared: SharedIncident): Incident | undefined {
  for (const each of own) {
    if (each.pairs.some((pair) => pair.node === shared.node && pair.incident === shared.incident.id)) return each;
  }
  return undefined;
}

/** The incidents of an operation as they are looked at: those about one situation side by side, ours first among them; then by
    when they were opened, and last what is no longer shared. What is shared in another operation and not in this one is none of
    this one's. */
export function sideBySide(operation: Operation, all: Iterable<Operation>): SharedIncident[] {
  const key = (node: string, incident: string) => `${node} ${incident}`;
  const keyOf = (one: SharedIncident) => key(one.node, one.incident.id);
  const elsewhere = new Set<string>();
  for (const other of all) {
    if (other.id === operation.id) continue;
    for (const one of other.incidents) if (one.share !== null) elsewhere.add(keyOf(one));
  }
  const mine = operation.incidents.filter((one) => one.share !== null || (operation.own.member && !elsewhere.has(keyOf(one))));
  const group = new Map(mine.map((one, index) => [keyOf(one), index]));
  for (const one of mine) {
    for (const pair of one.incident.pairs) {
      const [a, b] = [group.get(keyOf(one)), group.get(key(pair.node, pair.incident))];
      if (a === undefined || b === undefined || a === b) continue;
      for (const [each, of] of group) if (of === Math.max(a, b)) group.set(each, Math.min(a, b));
    }
  }
  const at = (one: SharedIncident) => group.get(keyOf(one)) ?? 0;
  return [...mine].sort((a, b) => at(a) - at(b) || Number(b.own) - Number(a.own));
}

/** How near another incident must be to look like the same situation, in metres. */
const SIMILAR_M = 500;
const METRES_PER_DEGREE = 111_320;

/** Open incidents of our own that may be about the same situation as one of another home: the same category, and near. */
export function similar(open: readonly Incident[], shared: SharedIncident): Incident[] {
  const { place, category } = shared.incident;
  const metres = (one: Incident) =>
    METRES_PER_DEGREE * Math.hypot(one.place.lat - place.lat, (one.place.lon - place.lon) * Math.cos((place.lat * Math.PI) / 180));
  return open.filter((one) => one.category === category && metres(one) <= SIMILAR_M).sort((a, b) => metres(a) - metres(b));
}

/** True when something happened so lately that it is news; what is older makes no sound. */
export function isNews(at: string | null, now_ms: number): boolean {
  const then = ms(at);
  return then !== null && now_ms - then < 10 * 60_000;
}
