// What a dispatcher asks the node to do with incidents, assignments, units and calls: one function for each,
// with the words that stand in the strip of what was done. Whether it may be done is the node's to say.

import type { OpenAlarm } from '../board/board.svelte';
import { act } from '../api/client';
import type { Assignment, Call, Incident, Place, Relation, Rule, Unit } from '../api/types';
import type { Desk } from '../desk/desk.svelte';
import { numbered, t } from '../strings/index.svelte';

const part = encodeURIComponent;

/** What a new record or a change of one answers to an action on an incident. */
export type IncidentDeed =
  | { what: 'notes'; body: { text: string } }
  | { what: 'grade'; body: { category?: string; priority?: number } }
  | { what: 'relocate'; body: { place: Partial<Place> & { lat: number; lon: number } } }
  | { what: 'alarm'; body: { level: number } }
  | { what: 'close'; body: { disposition: string } }
  | { what: 'cancel'; body: { reason: string } }
  | { what: 'reopen'; body: { reason: string } }
  | { what: 'merge'; body: { into: string } }
  | { what: 'unmerge'; body: Record<string, never> }
  | { what: 'split'; body: { calls: string[] } }
  | { what: 'links'; body: { incident: string; relation: Relation } };

/** Acts on an incident; returns it as it then is, or null when the node did not do it. */
export async function onIncident(desk: Desk, incident: Incident, deed: IncidentDeed): Promise<Incident | null> {
  const text = t(`deed.${deed.what}`, { incident: numbered(incident.number) });
  const path = `/incidents/${part(incident.id)}/${deed.what}`;
  const record = await desk.acts.run(`${path} ${JSON.stringify(deed.body)}`, text, (key) => act<Incident>('POST', path, deed.body, key));
  if (record) desk.board.take({ kind: 'incident', record });
  return record;
}

/** Takes a link between two incidents away. */
export async function unlink(desk: Desk, incident: Incident, other: string): Promise<void> {
  const path = `/incidents/${part(incident.id)}/links/${part(other)}`;
  const text = t('deed.unlink', { incident: numbered(incident.number) });
  const record = await desk.acts.run(path, text, (key) => act<Incident>('DELETE', path, undefined, key));
  if (record) desk.board.take({ kind: 'incident', record });
}

/** Sends units to an incident, all of them or none. `otherwise` says why, where others than those recommended go. */
export async function send(desk: Desk, incident: string, units: string[], otherwise?: Rule): Promise<boolean> {
  const callsigns = units.map((id) => desk.board.units.get(id)?.callsign ?? id).join(' ');
  const number = desk.board.incidents.get(incident)?.number;
  const text = t('deed.send', { units: callsigns, incident: number === undefined ? incident : numbered(number) });
  const path = `/incidents/${part(incident)}/assignments`;
  const sorted = [...units].sort();
  const answer = await desk.acts.run(`${path} ${sorted.join(' ')}`, text, (key) =>
    act<{ assignments: Assignment[] }>('POST', path, { units: sorted, ...(otherwise ? { otherwise } : {}) }, key));
  for (const record of answer?.assignments ?? []) desk.board.take({ kind: 'assignment', record });
  return answer !== null;
}

/** A step in the life of an assignment. */
export type Step = 'send' | 'resend' | 'acknowledge' | 'decline' | 'depart' | 'arrive' | 'clear' | 'cancel';

const callsignOf = (desk: Desk, unit: string) => desk.board.units.get(unit)?.callsign ?? unit;

/** Takes an assignment one step on, or calls it off. */
export async function step(desk: Desk, assignment: Assignment, to: Step, reason?: string): Promise<boolean> {
  const text = t(`deed.step.${to}`, { unit: callsignOf(desk, assignment.unit) });
  const path = `/assignments/${part(assignment.id)}/${to}`;
  const body = reason ? { reason } : {};
  const record = await desk.acts.run(`${path} ${reason ?? ''}`, text, (key) => act<Assignment>('POST', path, body, key));
  if (record) desk.board.take({ kind: 'assignment', record });
  return record !== null;
}

/** Sends another unit in the place of one. */
export async function swap(desk: Desk, assignment: Assignment, unit: string): Promise<boolean> {
  const text = t('deed.swap', { unit: callsignOf(desk, assignment.unit), other: callsignOf(desk, unit) });
  return pair(desk, `/assignments/${part(assignment.id)}/swap`, { unit }, text);
}

/** Takes a unit off its incident and sends it to another. */
export async function reassign(desk: Desk, assignment: Assignment, incident: Incident): Promise<boolean> {
  const text = t('deed.reassign', { unit: callsignOf(desk, assignment.unit), incident: numbered(incident.number) });
  return pair(desk, `/assignments/${part(assignment.id)}/reassign`, { incident: incident.id }, text);
}

async function pair(desk: Desk, path: string, body: unknown, text: string): Promise<boolean> {
  const answer = await desk.acts.run(`${path} ${JSON.stringify(body)}`, text, (key) =>
    act<{ called_off: Assignment; sent: Assignment }>('POST', path, body, key));
  if (!answer) return false;
  for (const record of [answer.called_off, answer.sent]) desk.board.take({ kind: 'assignment', record });
  return true;
}

/** A change of a unit's duty. */
export type DutyStep = 'available' | 'out-of-service' | 'off-duty' | 'rest' | 'end-rest';

/** Brings a unit on or off duty, in or out of service, to rest and back. */
export async function duty(desk: Desk, unit: Unit, to: DutyStep, body: { reason?: string; until?: string } = {}): Promise<boolean> {
  const text = t(`deed.duty.${to}`, { unit: unit.callsign });
  const path = `/units/${part(unit.id)}/${to}`;
  const record = await desk.acts.run(`${path} ${JSON.stringify(body)}`, text, (key) => act<Unit>('POST', path, body, key));
  if (record) desk.board.take({ kind: 'unit', record });
  return record !== null;
}

/** Lets a free unit wait at a station; its own brings it back. */
export async function moveUp(desk: Desk, unit: Unit, station: string, name: string): Promise<boolean> {
  const text = t('deed.move_up', { unit: unit.callsign, station: name });
  const path = `/units/${part(unit.id)}/move-up`;
  const record = await desk.acts.run(`${path} ${station}`, text, (key) => act<Unit>('POST', path, { station }, key));
  if (record) desk.board.take({ kind: 'unit', record });
  return record !== null;
}

/** Puts down that a crew said by radio that they know where to wait. */
export async function moveUnderstood(desk: Desk, unit: Unit, station: string): Promise<void> {
  const text = t('deed.move_understood', { unit: unit.callsign });
  const path = `/units/${part(unit.id)}/move-understood`;
  const record = await desk.acts.run(`${path} ${station}`, text, (key) => act<Unit>('POST', path, { station }, key));
  if (record) desk.board.take({ kind: 'unit', record });
}

/** What can be done with a call that was taken. */
export type CallDeed =
  | { what: 'join'; body: { incident: string } }
  | { what: 'detach'; body: Record<string, never> }
  | { what: 'close'; body: { reason: string } };

/** Acts on a call. */
export async function onCall(desk: Desk, call: Call, deed: CallDeed): Promise<boolean> {
  const text = t(`deed.call.${deed.what}`, { call: numbered(call.number) });
  const path = `/calls/${part(call.id)}/${deed.what}`;
  const record = await desk.acts.run(`${path} ${JSON.stringify(deed.body)}`, text, (key) => act<Call>('POST', path, deed.body, key));
  if (record) desk.board.take({ kind: 'call', record });
  return record !== null;
}

/** What an alarm hangs on. */
export type AlarmOf = { kind: OpenAlarm['kind']; id: string; code: string };

/** Says that a person has seen an alarm. */
export async function alarmSeen(desk: Desk, alarm: AlarmOf, words: string): Promise<boolean> {
  const path =
    alarm.kind === 'directive' ? `/directives/${part(alarm.id)}/steps` :
    alarm.kind === 'support_request' ? `/support/requests/${part(alarm.id)}/steps` :
    alarm.kind === 'assignment' ? `/assignments/${part(alarm.id)}/alarm` : `/${alarm.kind}s/${part(alarm.id)}/alarm-seen`;
  const record = await desk.acts.run(`${path} ${alarm.code}`, t('deed.alarm_seen', { alarm: words }), (key) =>
    act<unknown>('POST', path, { ...(alarm.kind === 'directive' || alarm.kind === 'support_request' ? { do: 'see_alarm' } : {}), code: alarm.code }, key));
  return record !== null;
}
