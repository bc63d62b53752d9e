// What a call taker asks the node to do: take a call and open or join an incident with it, and open, join or
// close a call that waits. A call of which it is not known whether it arrived is sent again as it was,
// under its old key; what was typed since follows as an amendment. Start at `Taker.accept`.

import { LineFault } from '../api/client';
import type { Call, Incident } from '../api/types';
import type { Acted } from '../desk/acts.svelte';
import type { Desk } from '../desk/desk.svelte';
import { numbered, t } from '../strings/index.svelte';
import type { Assist } from './assist.svelte';
import type { Draft } from './draft.svelte';
import type { Drafts } from './drafts.svelte';
import { amendCall, closeCall, joinCall, openFromCall, readCall, readIncident, receiveCall } from './requests';
import type { CallBody, Hint, Then } from './types';

/** What a call still lacks before an incident can be opened from it. */
export type Missing = 'place' | 'point' | 'category' | 'priority';

/** What became of the call that was taken last. */
export interface Taken {
  call: Call;
  incident: Incident | null;
}

/** Returns what is missing to open an incident, in the order of the form. */
export function missing(draft: Draft, assist: Assist): Missing[] {
  const { spot, address } = draft.fields;
  const lacks: Missing[] = [];
  if (spot === null) lacks.push(address.trim() === '' ? 'place' : 'point');
  if (assist.category === null) lacks.push('category');
  if (assist.priority === null) lacks.push('priority');
  return lacks;
}

/** The acts of one call taker. */
export class Taker {
  last = $state.raw<Taken | null>(null);
  /** The calls that this person took in this browser, the newest first. */
  taken = $state.raw<string[]>([]);
  /** Those of them that are no longer on the board, as the node gave them. */
  past = $state.raw(new Map<string, Call>());

  constructor(private readonly desk: Desk, private readonly drafts: Drafts) {
    this.taken = drafts.kept.remembered();
  }

  /** Takes a call as it stands on the screen. Returns true when it is durable. */
  async accept(draft: Draft, assist: Assist, then: Then | null): Promise<boolean> {
    if (draft.busy) return false;
    draft.busy = true;
    const { acts } = this.desk;
    const body: CallBody = draft.sent?.body ?? { ...draft.call(assist.category, assist.priority), ...(then ? { then } : {}) };
    const call = await acts.run(`take ${draft.id}`, this.#say(draft, body.then), (key) => this.#send(draft, body, key));
    draft.busy = false;
    if (call === null) {
      this.drafts.settle(draft);
      return false;
    }
    this.drafts.remove(draft, 'node_knows');
    await this.#took(call);
    // What a guess became since is no reason to change a call that was accepted; what a person typed is.
    const since = amendment(body, draft.call(draft.fields.category, draft.fields.priority));
    if (since) {
      const text = t('take.act.amend', { number: numbered(call.number) });
      await acts.run(`amend ${draft.id}`, text, (key) => this.#shown(amendCall(call.id, since, key)));
    }
    return true;
  }

  /** Says that a call is of the same event as a hint. The other may be an incident, or a call that waits: then
      one incident is opened for both. */
  async same(draft: Draft, assist: Assist, hint: Hint): Promise<boolean> {
    if (hint.incident !== null) return this.accept(draft, assist, { join: hint.incident });
    if (!(await this.accept(draft, assist, { open: {} }))) return false;
    const incident = this.last?.call.incident;
    if (incident && hint.call !== null) await this.join(hint.call, hint.number, incident);
    return true;
  }

  /** Opens an incident from a call that waits. */
  async open(call: Call, chosen: { category?: string; priority?: number; place?: { lat: number; lon: number; address: string } }): Promise<boolean> {
    const text = t('take.act.open', { number: numbered(call.number) });
    const incident = await this.desk.acts.run(`open ${call.id}`, text, (key) => openFromCall({ call: call.id, ...chosen }, key));
    if (incident === null) return false;
    this.desk.board.take({ kind: 'incident', record: incident });
    return true;
  }

  /** Makes a call that waits part of an incident. */
  async join(call: string, number: number, incident: string): Promise<boolean> {
    const text = t('take.act.join', { number: numbered(number), incident: this.#incidentNumber(incident) });
    return (await this.desk.acts.run(`join ${call} ${incident}`, text, (key) => this.#shown(joinCall(call, incident, key)))) !== null;
  }

  /** Closes a call that waits, without action. */
  async close(call: Call, reason: string): Promise<boolean> {
    const text = t('take.act.close', { number: numbered(call.number) });
    return (await this.desk.acts.run(`close ${call.id}`, text, (key) => this.#shown(closeCall(call.id, reason, key)))) !== null;
  }

  /** Reads those of one's own calls that the board no longer holds. */
  async readPast() {
    const unknown = this.taken.filter((id) => !this.desk.board.calls.has(id) && !this.past.has(id));
    const found = await Promise.all(unknown.map((id) => readCall(id).catch(() => null)));
    this.past = new Map([...this.past, ...found.flatMap((call) => (call ? [[call.id, call] as const] : []))]);
  }

  async #send(draft: Draft, body: CallBody, key: string): Promise<Acted<Call>> {
    // Written down before it is sent: a browser that dies in between must not take the same call twice.
    draft.sent ??= { key, body, seq: draft.seq };
    this.drafts.kept.put(draft.id, draft.keep());
    try {
      return await receiveCall(body, draft.sent.key);
    } catch (error) {
      // A refusal is the end of it; after a broken line it may have arrived, so it stays as it was sent.
      if (!(error instanceof LineFault)) draft.sent = null;
      throw error;
    }
  }

  async #shown(answer: Promise<Acted<Call>>): Promise<Acted<Call>> {
    const acted = await answer;
    this.desk.board.take({ kind: 'call', record: acted.record });
    return acted;
  }

  async #took(call: Call) {
    this.desk.board.take({ kind: 'call', record: call });
    this.taken = this.drafts.kept.remember(call.id);
    const known = call.incident === null ? undefined : this.desk.board.incidents.get(call.incident);
    this.last = { call, incident: known ?? null };
    if (call.incident === null) return;
    if (!known) {
      const incident = await readIncident(call.incident).catch(() => null);
      if (incident === null) return;
      this.desk.board.take({ kind: 'incident', record: incident });
      if (this.last?.call.id === call.id) this.last = { call, incident };
    }
  }

  #say(draft: Draft, then: Then | undefined): string {
    const what = draft.title.slice(0, 60) || t('take.draft.empty');
    if (!then) return t('take.act.record', { what });
    if ('join' in then) return t('take.act.take_join', { what, incident: this.#incidentNumber(then.join) });
    return t('take.act.take_open', { what });
  }

  #incidentNumber(id: string): string {
    const incident = this.desk.board.incidents.get(id);
    return incident ? numbered(incident.number) : '';
  }
}

/** Returns what was typed after a call was sent, or null. */
function amendment(sent: CallBody, now: CallBody): Omit<CallBody, 'channel'> | null {
  const since: Omit<CallBody, 'channel'> = {};
  if (now.said !== undefined && now.said !== sent.said) since.said = now.said;
  if (now.caller !== undefined && now.caller !== sent.caller) since.caller = now.caller;
  if (now.callback !== undefined && now.callback !== sent.callback) since.callback = now.callback;
  if (now.category !== undefined && now.category !== sent.category) since.category = now.category;
  if (now.priority !== undefined && now.priority !== sent.priority) since.priority = now.priority;
  if (now.place !== undefined && JSON.stringify(now.place) !== JSON.stringify(sent.place)) since.place = now.place;
  return Object.keys(since).length > 0 ? since : null;
}
