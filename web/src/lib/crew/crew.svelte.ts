// What the crew's page shows and does: this unit and what it is sent to, from the node while there is
// coverage and from the copy on the phone while there is not; and the statuses tapped, which always go
// through the queue. Whether a step may be taken is the node's to say; this only offers the usual one
// first. Start at `Crew`.

import type { Assignment, AssignmentStatus, Directive, UnitStatus } from '../api/types';
import type { LineState } from '../board/line';
import type { Desk } from '../desk/desk.svelte';
import { play } from '../desk/sound';
import { ms } from '../time';
import { forgetKept, keep, readKept, type Kept, type OwnRound, type Shown } from './kept';
import { Follower } from './position.svelte';
import { Queue, isAssignmentStep, type Taken } from './queue.svelte';
import type { AssignmentStep, DirectiveStep, Step, Waiting } from './waiting';

/** How often the copy on the phone is renewed although nothing changed, in ms. */
const KEEP_MS = 5_000;
/** How long a success stays on the screen, in ms. */
const DONE_SHOWN_MS = 12_000;
/** How far back finished assignments are listed, in ms: about one watch. */
const WATCH_MS = 12 * 3_600_000;
/** How many finished assignments are listed. */
const PAST_MAX = 20;

const live: Record<AssignmentStatus, boolean> = {
  proposed: false, sent: true, acknowledged: true, departed: true, arrived: true,
  declined: false, cleared: false, cancelled: false,
};

/** The status that a reported step leads to. */
const leadsTo: Record<AssignmentStep, AssignmentStatus> = {
  acknowledge: 'acknowledged', decline: 'declined', depart: 'departed', arrive: 'arrived', clear: 'cleared',
};

/** The usual next step from each status. */
const usual: Record<AssignmentStatus, AssignmentStep | null> = {
  proposed: null, sent: 'acknowledge', acknowledged: 'depart', departed: 'arrive', arrived: 'clear',
  declined: null, cleared: null, cancelled: null,
};

/** Where what is shown comes from. */
export type Source = 'node' | 'phone' | 'nothing';

/** The crew's page. */
export class Crew {
  readonly queue: Queue;
  readonly follower: Follower;
  kept = $state.raw<Kept | null>(readKept());
  /** The last status that became durable, while it is shown. */
  done = $state.raw<Taken | null>(null);
  /** Called-off assignments whose notice the crew has put away. */
  seen_off = $state.raw<string[]>([]);
  /** A browser lets no page sound before somebody has touched it. */
  touched = $state(navigator.userActivation?.hasBeenActive ?? true);
  /** False when this browser cannot keep the copy. */
  keeps = $state(true);

  /** When the phone itself said that it has no network, by its clock in ms; null while it does not. A phone
      knows this before the silence of the node has lasted long enough to be a sign. */
  offline_since_ms = $state<number | null>(navigator.onLine ? null : Date.now());
  line = $derived.by<LineState>(() => (this.offline_since_ms === null ? this.desk.board.line : 'cut'));
  /** True while the node is heard. */
  live = $derived(this.line === 'live' || this.line === 'catching_up');
  source = $derived.by<Source>(() => (this.desk.board.loading === 'loaded' ? 'node' : this.kept ? 'phone' : 'nothing'));
  shown = $derived.by<Shown | null>(() => (this.source === 'node' ? this.#fromBoard() : this.kept));
  /** What waits for this assignment, in order. */
  waiting = $derived<Waiting[]>(this.#waitingFor(this.shown?.assignment?.id));
  /** The status as the crew has reported it, known to the node or not. */
  reported = $derived<AssignmentStatus | null>(this.#reported());
  next = $derived<AssignmentStep | null>(this.reported === null ? null : usual[this.reported]);
  /** What the unit itself does, as the crew has reported it, known to the node or not. */
  duty = $derived<UnitStatus | null>(this.#duty());
  /** An assignment that this page showed and that was called off meanwhile. */
  called_off = $derived<Assignment | null>(this.#calledOff());
  past = $derived<Assignment[]>(this.#past());

  /** The present time of the node in ms: told by it, or by this phone's clock and how far that is off. */
  now_ms = $state(0);
  /** True while `now_ms` is reckoned by the phone's clock alone. */
  reckoned = $state(false);

  /** Assignments that were shown here, so that one that is called off does not vanish without a word. */
  #followed = $state.raw<string[]>(this.kept?.assignment ? [this.kept.assignment.id] : []);
  #hide: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly desk: Desk, readonly unit_id: string) {
    this.queue = new Queue(desk.session.person.id, (taken) => this.#taken(taken), () => desk.leave());
    this.follower = new Follower(unit_id);
    this.#tellTime();
  }

  /** Begins; returns how to stop. */
  start(): () => void {
    const stop_queue = this.queue.start();
    this.follower.resume();
    const clock = setInterval(() => this.#tellTime(), 500);
    const copy = setInterval(() => this.keepCopy(), KEEP_MS);
    const onnetwork = () => {
      this.offline_since_ms = navigator.onLine ? null : (this.offline_since_ms ?? Date.now());
    };
    window.addEventListener('online', onnetwork);
    window.addEventListener('offline', onnetwork);
    return () => {
      window.removeEventListener('online', onnetwork);
      window.removeEventListener('offline', onnetwork);
      stop_queue();
      this.follower.stop();
      clearInterval(clock);
      clearInterval(copy);
      clearTimeout(this.#hide);
    };
  }

  /** When the line was lost, by this phone's clock in ms; for a page opened without coverage, when the node
      was last heard. */
  get silent_since_ms(): number | null {
    if (this.desk.board.loading !== 'loaded') return null;
    const cut_ms = this.desk.board.cut_since_ms;
    return this.offline_since_ms === null || (cut_ms !== null && cut_ms < this.offline_since_ms) ? cut_ms : this.offline_since_ms;
  }

  /** The node's time of what is shown, in ms. */
  heard_ms = $state(this.kept?.heard_ms ?? 0);

  /** Puts a step down and sends it as soon as there is coverage. */
  report(step: Step, body: Record<string, string> = {}) {
    const incident = this.shown?.incident;
    const about = isAssignmentStep(step) ? this.shown?.assignment?.id : step === 'note' ? incident?.id : this.unit_id;
    if (!about) return;
    const at_ms = Math.round(this.now_ms);
    // In a replay the node's time cannot be reckoned from here, so the node takes the time of arrival.
    const timed = this.#ahead_ms === null || at_ms === 0 ? body : { ...body, happened_at: new Date(at_ms).toISOString() };
    const number = about === this.unit_id ? null : (incident?.number ?? null);
    void this.queue.add(step, about, number, timed, at_ms);
  }

  /** Reports that a visit of the round was made, or why not. */
  reportVisit(round: OwnRound, leg: { point: number; visit: number }, reason?: string) {
    const at_ms = Math.round(this.now_ms);
    const timed: Record<string, string> = this.#ahead_ms === null || at_ms === 0 ? {} : { happened_at: new Date(at_ms).toISOString() };
    const body = { unit: this.unit_id, point: leg.point, visit: leg.visit, ...timed, ...(reason === undefined ? {} : { reason }) };
    void this.queue.add(reason === undefined ? 'visit' : 'skip', round.patrol, null, body, at_ms);
  }

  /** Takes a step on an item of a directive that is for this crew. */
  answerDirective(directive: Directive, item: number, step: DirectiveStep, text?: string) {
    const at_ms = Math.round(this.now_ms);
    const timed: Record<string, string> = this.#ahead_ms === null || at_ms === 0 ? {} : { happened_at: new Date(at_ms).toISOString() };
    void this.queue.add(step, directive.id, directive.number, { item, ...timed, ...(text === undefined ? {} : { text }) }, at_ms);
  }

  /** Reports a rest of so many minutes. */
  rest(minutes: number) {
    if (this.now_ms === 0) return;
    this.report('rest', { until: new Date(this.now_ms + minutes * 60_000).toISOString() });
  }

  /** Puts the notice of a called-off assignment away. */
  sawOff(id: string) {
    this.seen_off = [...this.seen_off, id];
  }

  /** Renews the copy on the phone, while what is shown comes from a node that is heard. */
  keepCopy() {
    if (this.source !== 'node' || !this.live || !this.shown || this.desk.board.clock.now_ms === 0) return;
    const { session, node, board } = this.desk;
    this.keeps = keep(session, node, this.shown, board.clock.now_ms, this.#ahead_ms);
  }

  /** Notes that an assignment is shown here. */
  follow(id: string) {
    if (!this.#followed.includes(id)) this.#followed = [...this.#followed, id];
  }

  /** Forgets all that this phone keeps. */
  async forget() {
    this.follower.switchOff();
    await this.queue.clear();
    forgetKept();
    this.kept = null;
  }

  /** How far the node's clock is ahead of the phone's, in ms; null in a replay. */
  get #ahead_ms(): number | null {
    const { clock } = this.desk.board;
    if (clock.now_ms === 0) return this.kept?.ahead_ms ?? null;
    if (clock.speed !== null && clock.speed !== 1) return null;
    return clock.ahead_ms;
  }

  #tellTime() {
    const { board } = this.desk;
    if (board.clock.now_ms !== 0 && this.live) {
      this.now_ms = board.clock.now_ms;
      this.heard_ms = board.clock.now_ms;
      this.reckoned = false;
      return;
    }
    const ahead_ms = this.#ahead_ms;
    this.reckoned = this.heard_ms !== 0;
    this.now_ms = ahead_ms === null ? this.heard_ms : Date.now() + ahead_ms;
  }

  #taken(taken: Taken) {
    if ('assignment' in taken) this.desk.board.take({ kind: 'assignment', record: taken.assignment });
    else if ('incident' in taken) this.desk.board.take({ kind: 'incident', record: taken.incident });
    else if ('directive' in taken) this.desk.board.take({ kind: 'directive', record: taken.directive });
    else if ('patrol' in taken) {
      if ('version' in taken.patrol) this.desk.board.take({ kind: 'patrol', record: taken.patrol });
    }
    else this.desk.board.take({ kind: 'unit', record: taken.unit });
    play('accepted');
    this.done = taken;
    clearTimeout(this.#hide);
    this.#hide = setTimeout(() => (this.done = null), DONE_SHOWN_MS);
  }

  #fromBoard(): Shown | null {
    const { board } = this.desk;
    const unit = board.units.get(this.unit_id);
    if (!unit) return null;
    const bound = unit.assignment ? board.assignments.get(unit.assignment) : undefined;
    const assignment = bound && live[bound.status] ? bound : null;
    const incident = assignment ? (board.incidents.get(assignment.incident) ?? null) : null;
    const others = (incident?.assignments ?? []).flatMap((id) => {
      const other = board.assignments.get(id);
      if (!other || other.unit === this.unit_id || !live[other.status]) return [];
      const { callsign, kind } = board.units.get(other.unit) ?? { callsign: other.unit, kind: '' };
      return [{ callsign, kind, status: other.status }];
    });
    return { unit, assignment, incident, others, round: this.#round() };
  }

  /** The round this unit is on. */
  #round(): OwnRound | null {
    for (const { id, theme, status, rounds, points } of this.desk.board.patrols.values()) {
      const own = status === 'under_way' ? rounds.find((round) => round.unit === this.unit_id) : undefined;
      if (!own) continue;
      const goes = new Set(own.legs.map((leg) => leg.point));
      const places = points.filter((point) => goes.has(point.no)).map(({ no, label, lat, lon, stay_min }) => ({ no, label, lat, lon, stay_min }));
      return { patrol: id, theme, legs: own.legs, points: places };
    }
    return null;
  }

  #waitingFor(assignment: string | undefined): Waiting[] {
    if (assignment === undefined) return [];
    return this.queue.mine.filter((item) => item.about === assignment && item.refused === null);
  }

  #reported(): AssignmentStatus | null {
    const last = this.waiting.at(-1);
    if (last && isAssignmentStep(last.step)) return leadsTo[last.step];
    return this.shown?.assignment?.status ?? null;
  }

  #duty(): UnitStatus | null {
    for (const item of this.queue.mine.toReversed()) {
      if (item.refused) continue;
      if (item.step === 'available') return 'available';
      if (item.step === 'out-of-service') return 'out_of_service';
      if (item.step === 'off-duty') return 'off_duty';
    }
    // A crew that has cleared or declined is free in its own eyes, though the node may not know yet.
    if (this.shown?.assignment && this.next === null) return 'available';
    return this.shown?.unit.status ?? null;
  }

  #calledOff(): Assignment | null {
    const { assignments } = this.desk.board;
    const unseen = this.#followed.filter((id) => !this.seen_off.includes(id)).flatMap((id) => assignments.get(id) ?? []);
    return unseen.findLast((each) => each.status === 'cancelled') ?? null;
  }

  #past(): Assignment[] {
    if (this.source !== 'node') return [];
    const { board } = this.desk;
    const since_ms = board.clock.now_ms - WATCH_MS;
    const ended = [...board.assignments.values()].filter(
      (each) => each.unit === this.unit_id && !live[each.status] && each.status !== 'proposed' && (ms(each.cleared_at) ?? 0) >= since_ms,
    );
    return ended.sort((a, b) => ((a.cleared_at ?? '') < (b.cleared_at ?? '') ? 1 : -1)).slice(0, PAST_MAX);
  }
}

/** Returns the distance of two points along the straight line, in m. */
export function straight_m(a: { lat: number; lon: number }, b: { lat: number; lon: number }): number {
  const rad = (degrees: number) => (degrees * Math.PI) / 180;
  const half = (x: number) => Math.sin(x / 2) ** 2;
  const h = half(rad(b.lat - a.lat)) + Math.cos(rad(a.lat)) * Math.cos(rad(b.lat)) * half(rad(b.lon - a.lon));
  return 2 * 6_371_000 * Math.asin(Math.sqrt(h));
}
