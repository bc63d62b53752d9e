// What this page knows: the node's records by id, replaced whole when a newer one arrives. It folds
// no events and decides nothing; what may be done is the node's to say. It holds the line open and
// says plainly whether what it holds is loaded, live, or old. Start at `Board`.

import { isSignedOut, readBoard, readIncidentAnywhere, readNode, readOperations, readPeers, readSession } from '../api/client';
import type {
  Alarm, AssessmentMark, Assignment, Board as BoardAnswer, Call, ConsultationMark, Directive, DutyPost, Handover, Incident, Operation, Patrol, Peers, PlaybookRunMark, PositionsMessage, Position, Priority,
  RecordMessage, RoadCondition, Shift, Station, SupportRequest, Unit,
} from '../api/types';
import { NodeClock } from './clock.svelte';
import { Line, RETRY_MS_MAX, RETRY_MS_MIN, type LineState } from './line';
import { Table } from './table.svelte';

/** How many closed incidents stay in the page's memory. */
export const CLOSED_KEPT_MAX = 300;

/** How long records are gathered before they are shown together, in ms. In a storm many arrive at
    once, and showing each by itself would cost the time that the next one needs. */
const GATHER_MS = 60;

/** How often the node is asked anew by those who see no board and have no stream, in ms. */
const ASK_MS = 3_000;

/** Whether the board has been fetched: an empty list means "none" only when it is `loaded`. */
export type Loading = 'loading' | 'loaded' | 'failed';

/** An alarm with what it hangs on. */
export interface OpenAlarm {
  alarm: Alarm;
  /** The kind of record that it hangs on, and its id. */
  kind: 'assignment' | 'incident' | 'call' | 'directive' | 'support_request';
  id: string;
  unit: Unit | undefined;
  incident: Incident | undefined;
  call: Call | undefined;
  directive?: Directive;
  support?: SupportRequest;
  priority: Priority;
}

const ended = (incident: Incident) =>
  incident.status === 'closed' || incident.status === 'cancelled' || incident.status === 'merged';

/** Most urgent first; within one urgency those nobody was sent to, then the oldest. */
function byUrgency(a: Incident, b: Incident): number {
  return (
    a.priority - b.priority ||
    Number(a.status !== 'active') - Number(b.status !== 'active') ||
    (a.opened_at < b.opened_at ? -1 : a.opened_at > b.opened_at ? 1 : 0) ||
    (a.id < b.id ? -1 : 1)
  );
}

/** Everything the page shows, and how far it can be trusted. */
export class Board {
  incidents = new Table<Incident>();
  calls = new Table<Call>();
  units = new Table<Unit>();
  assignments = new Table<Assignment>();
  stations = new Table<Station>();
  road_conditions = new Table<RoadCondition>();
  patrols = new Table<Patrol>();
  assessments = new Table<AssessmentMark>();
  consultations = new Table<ConsultationMark>();
  directives = new Table<Directive>();
  playbook_runs = new Table<PlaybookRunMark>();
  duty_posts = new Table<DutyPost>();
  shifts = new Table<Shift>();
  handovers = new Table<Handover>();
  operations = new Table<Operation>();
  /** Counts up with every record of support that changed: who shows support asks the node anew. */
  support_changes = $state(0);
  /** This agency's own requests for support, as the node last said; `SupportWatch` keeps them. */
  support = $state.raw<SupportRequest[]>([]);
  /** This node among others; null until it is known, and of an earlier moment. */
  peers = $state.raw<Peers | null>(null);

  loading = $state<Loading>('loading');
  line = $state<LineState>('opening');
  /** When the line was lost, by the browser's clock in ms; null while it is there. */
  cut_since_ms = $state<number | null>(null);
  clock = new NodeClock();

  /** Open incidents, the most urgent first. */
  open = $derived([...this.incidents.values()].filter((incident) => !ended(incident)).sort(byUrgency));
  /** Every alarm, those that nobody acknowledged first, then by urgency, then the oldest. */
  alarms = $derived(this.#alarms());
  /** Those that nobody has acknowledged. */
  unread = $derived(this.alarms.filter((open) => open.alarm.acknowledged === null));

  /** Last known positions by unit, outside the reactive state: the map reads them on its own beat. */
  positions = new Map<string, Position>();
  /** Counts up with every batch of positions. */
  positions_seen = 0;

  /** Incidents that are over too long to be on the board, as far as somebody asked for them. */
  #past = new Table<Incident>();
  #asked = new Set<string>();
  #arrived: RecordMessage[] = [];
  #gather: ReturnType<typeof setTimeout> | undefined;
  #line: Line | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #closed = false;
  /** Operations that the stream brought while they were being read anew: what was read of these is older. */
  #fresher: Set<string> | null = null;

  constructor(private readonly onSignedOut: () => void) {}

  /** Fetches the board and follows the stream from there; returns how to stop. */
  start(): () => void {
    const stopClock = this.clock.start();
    void this.#load();
    return () => {
      this.#closed = true;
      stopClock();
      clearTimeout(this.#retry);
      clearTimeout(this.#gather);
      this.#line?.close();
    };
  }

  /** Asks the node again and again for what an administrator sees who sees no board: its clock and its peers. */
  startWithoutBoard(): () => void {
    const stopClock = this.clock.start();
    const ask = async () => {
      try {
        const [node, peers] = await Promise.all([readNode(), readPeers()]);
        if (this.#closed) return;
        this.clock.set({ now: node.clock.now, speed: node.clock.speed });
        this.peers = peers;
        this.loading = 'loaded';
        this.line = 'live';
        this.cut_since_ms = null;
      } catch (error) {
        if (this.#closed) return;
        if (isSignedOut(error)) return this.onSignedOut();
        if (this.loading !== 'loaded') this.loading = 'failed';
        this.#lineIs('cut');
      }
    };
    void ask();
    const timer = setInterval(() => void ask(), ASK_MS);
    return () => {
      this.#closed = true;
      clearInterval(timer);
      stopClock();
    };
  }

  /** Shows a board of the past instead of following the node: its records, and the clock standing at that moment. */
  showPast(answer: BoardAnswer, at_ms: number) {
    this.#replaceAll(answer);
    this.loading = 'loaded';
    this.line = 'live';
    this.clock.now_ms = at_ms;
  }

  /**
   * Returns an incident, be it on the board or long over. One that is not here is read from the node when it is first asked
   * for, and whoever asked hears of it when it comes.
   */
  incidentAnywhere(id: string): Incident | undefined {
    const known = this.incidents.get(id) ?? this.#past.get(id);
    if (known === undefined && id !== '' && this.loading === 'loaded' && !this.#asked.has(id)) {
      this.#asked.add(id);
      readIncidentAnywhere(id).then(
        (incident) => this.#past.set(incident.id, incident),
        () => undefined,
      );
    }
    return known;
  }

  /** Returns the incident that people call by a number, however long it is over; nothing if there is none. */
  async incidentOfNumber(number: number): Promise<Incident | undefined> {
    const known = [...this.incidents.values()].find((each) => each.number === number);
    if (known || !Number.isSafeInteger(number) || number < 1) return known;
    const found = await readIncidentAnywhere(`number/${number}`);
    this.#past.set(found.id, found);
    return found;
  }

  /** Assignments of an incident, the oldest first. */
  assignmentsOf(incident: Incident): Assignment[] {
    return incident.assignments.flatMap((id) => this.assignments.get(id) ?? []);
  }

  /** Takes over records that an action of this page returned, without waiting for the stream. */
  take(message: RecordMessage) {
    this.#put(message);
  }

  async #load() {
    clearTimeout(this.#retry);
    this.#line?.close();
    this.#line = null;
    this.#showArrived();
    try {
      const answer = await readBoard();
      if (this.#closed) return;
      this.#replaceAll(answer);
      this.#failures = 0;
      this.loading = 'loaded';
      this.#line = new Line(answer.cursor, {
        record: (message) => this.#arrive(message),
        positions: (message) => this.#place(message),
        clock: (message) => this.clock.set(message),
        reset: () => void this.#load(),
        state: (state) => this.#lineIs(state),
      });
    } catch (error) {
      if (this.#closed) return;
      if (isSignedOut(error)) return this.onSignedOut();
      // An old board stays on the screen, marked as old; only a page that never had one says "failed".
      if (this.loading !== 'loaded') this.loading = 'failed';
      this.#lineIs('cut');
      const wait = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** this.#failures);
      this.#failures += 1;
      this.#retry = setTimeout(() => void this.#load(), wait / 2 + Math.random() * (wait / 2));
    }
  }

  #lineIs(state: LineState) {
    if (state === 'live' && this.line !== 'live') void this.#readJoint();
    this.line = state;
    if (state !== 'cut') {
      this.cut_since_ms = null;
      return;
    }
    this.clock.stand();
    this.cut_since_ms ??= Date.now();
    // A stream cannot say why it was refused; a session that ended looks like a cut line.
    readSession().catch((error: unknown) => {
      if (!this.#closed && isSignedOut(error)) this.onSignedOut();
    });
  }

  /** Operations and peers are told as they change and have no place in the stream, so a line that is there (again) may
      have missed some of them. */
  async #readJoint() {
    const fresher = new Set<string>();
    this.#fresher = fresher;
    try {
      const [operations, peers] = await Promise.all([readOperations(), readPeers()]);
      if (this.#closed || this.#fresher !== fresher) return;
      fill(this.operations, operations, fresher);
      if (!fresher.has('peers')) this.peers = peers;
    } catch {
      // The line tells that the node is gone, and all of it is read when it is back.
    } finally {
      if (this.#fresher === fresher) this.#fresher = null;
    }
  }

  #replaceAll(answer: BoardAnswer) {
    fill(this.incidents, answer.incidents);
    fill(this.calls, answer.calls);
    fill(this.units, answer.units);
    fill(this.assignments, answer.assignments);
    fill(this.stations, answer.stations);
    fill(this.road_conditions, answer.road_conditions);
    this.patrols.clear();
    this.assessments.clear();
    this.consultations.clear();
    this.directives.clear();
    this.playbook_runs.clear();
    this.duty_posts.clear();
    this.shifts.clear();
    this.handovers.clear();
    for (const message of answer.records) this.#put(message);
    fill(this.operations, answer.operations);
    this.peers = answer.peers;
    this.positions.clear();
    for (const unit of answer.units) if (unit.position) this.positions.set(unit.id, unit.position);
    this.positions_seen += 1;
  }

  #arrive(message: RecordMessage) {
    this.#arrived.push(message);
    this.#gather ??= setTimeout(() => this.#showArrived(), GATHER_MS);
  }

  #showArrived() {
    clearTimeout(this.#gather);
    this.#gather = undefined;
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const message of arrived) this.#put(message);
  }

  #put(message: RecordMessage) {
    switch (message.kind) {
      case 'incident':
        put(this.incidents, message.record);
        if (ended(message.record)) this.#forgetOldest();
        return;
      case 'call':
        return put(this.calls, message.record);
      case 'assignment':
        return put(this.assignments, message.record);
      case 'station':
        return put(this.stations, message.record);
      case 'road_condition':
        return put(this.road_conditions, message.record);
      case 'patrol':
        return put(this.patrols, message.record);
      case 'assessment':
        return put(this.assessments, message.record);
      case 'consultation':
        return put(this.consultations, message.record);
      case 'directive':
        return put(this.directives, message.record);
      case 'playbook_run':
        return put(this.playbook_runs, message.record);
      case 'support':
        this.support_changes += 1;
        return;
      case 'duty_post':
        return put(this.duty_posts, message.record);
      case 'shift':
        return put(this.shifts, message.record);
      case 'handover':
        return put(this.handovers, message.record);
      case 'unit':
        put(this.units, message.record);
        this.#placeOne(message.record);
        return;
      case 'operation':
        // Much of what it shows changes without it: the newest view is the one that came last.
        this.#fresher?.add(message.record.id);
        this.operations.set(message.record.id, message.record);
        return;
      case 'peers':
        this.#fresher?.add('peers');
        this.peers = message.record;
        return;
    }
  }

  /** A unit's record may be older than its last fix, and a fix never goes back in time. */
  #placeOne(unit: Unit) {
    const known = this.positions.get(unit.id);
    if (unit.position && (!known || known.at <= unit.position.at)) {
      this.positions.set(unit.id, unit.position);
      this.positions_seen += 1;
    }
  }

  #place(message: PositionsMessage) {
    for (const [id, lat, lon, heading_deg, at_ms, area] of message.positions) {
      this.positions.set(id, { lat, lon, heading_deg, at: new Date(at_ms).toISOString(), area: area ?? null });
    }
    this.positions_seen += 1;
  }

  /** A console stays open for weeks; what is long closed is the node's to keep, not the page's. */
  #forgetOldest() {
    const closed = [...this.incidents.values()].filter(ended);
    if (closed.length <= CLOSED_KEPT_MAX) return;
    closed.sort((a, b) => ((a.closed_at ?? a.opened_at) < (b.closed_at ?? b.opened_at) ? -1 : 1));
    for (const incident of closed.slice(0, closed.length - CLOSED_KEPT_MAX)) {
      for (const id of incident.calls) this.calls.delete(id);
      for (const id of incident.assignments) this.assignments.delete(id);
      this.incidents.delete(incident.id);
    }
  }

  #alarms(): OpenAlarm[] {
    const found: OpenAlarm[] = [];
    for (const assignment of this.assignments.values()) {
      for (const alarm of assignment.alarms) {
        const incident = this.incidents.get(assignment.incident);
        const unit = this.units.get(assignment.unit);
        found.push({ alarm, kind: 'assignment', id: assignment.id, unit, incident, call: undefined, priority: incident?.priority ?? 1 });
      }
    }
    for (const incident of this.incidents.values()) {
      for (const alarm of incident.alarms) {
        found.push({ alarm, kind: 'incident', id: incident.id, unit: undefined, incident, call: undefined, priority: incident.priority });
      }
    }
    for (const call of this.calls.values()) {
      // Nobody knows how urgent a call is that nobody has graded, so it stands with the urgent ones.
      for (const alarm of call.alarms) {
        found.push({ alarm, kind: 'call', id: call.id, unit: undefined, incident: undefined, call, priority: call.priority ?? 2 });
      }
    }
    for (const directive of this.directives.values()) {
      for (const alarm of directive.alarms) {
        found.push({ alarm, kind: 'directive', id: directive.id, unit: undefined, incident: undefined, call: undefined, directive, priority: directive.priority });
      }
    }
    for (const support of this.support) {
      for (const alarm of support.alarms) {
        found.push({ alarm, kind: 'support_request', id: support.id, unit: undefined, incident: undefined, call: undefined, support, priority: support.priority });
      }
    }
    const unread = (open: OpenAlarm) => Number(open.alarm.acknowledged !== null);
    return found.sort(
      (a, b) => unread(a) - unread(b) || a.priority - b.priority || (a.alarm.since < b.alarm.since ? -1 : 1) || (a.id < b.id ? -1 : 1),
    );
  }
}

/** Replaces a record unless a newer version is there already: an action's answer and the stream may cross. */
function put<T extends { id: string; version: number }>(into: Table<T>, record: T) {
  const known = into.get(record.id);
  if (known && known.version > record.version) return;
  into.set(record.id, record);
}

/** Makes a table hold these records and no others; what is `kept` stays as it is. */
function fill<T extends { id: string }>(into: Table<T>, records: T[], kept: ReadonlySet<string> = new Set()) {
  const there = new Set(records.map((record) => record.id));
  for (const id of [...into.keys()]) if (!there.has(id) && !kept.has(id)) into.delete(id);
  for (const record of records) if (!kept.has(record.id)) into.set(record.id, record);
}
