// What every part of one signed-in window shares: the board, the node, who sits here, what is selected,
// and what was asked of the node. Windows of one browser stay in step: what is selected in one is
// selected in the others, unless a window was set to go its own way. Start at `Desk`.

import { getContext, setContext } from 'svelte';
import type { NodeInfo, Session } from '../api/types';
import { Board, type OpenAlarm } from '../board/board.svelte';
import { JointWatch } from '../records/operation/watch.svelte';
import { SupportWatch } from '../support/watch.svelte';
import { DutyWatch } from '../duty/watch.svelte';
import { Acts } from './acts.svelte';
import { seatsOf, type SeatName } from './route.svelte';

const CONTEXT = Symbol('desk');
/** The name under which windows of one browser hear of each other. */
const CHANNEL = 'watchfire.step';
const STEP_AS = 'watchfire.in_step';

/** What the map should show; a new object each time, so that the same place can be asked for twice. */
export type Aim = { kind: 'incident' | 'unit'; id: string } | { kind: 'point'; lat: number; lon: number };

interface Step {
  incident: string | null;
  unit: string | null;
  aim: Aim | null;
}

/** One signed-in window. */
export class Desk {
  readonly board: Board;
  /** What operations have to say on every seat. */
  readonly joint: JointWatch;
  /** What is asked for, offered and owed, as the node last said. */
  readonly support: SupportWatch;
  /** Who is on duty, and whether alarms are for who sits here. */
  readonly duty: DutyWatch;
  readonly acts = new Acts();
  readonly seats: SeatName[];
  /** The time zone of the node; the browser's own where it has none. */
  readonly zone: string | undefined;

  incident_id = $state<string | null>(null);
  unit_id = $state<string | null>(null);
  aim = $state.raw<Aim | null>(null);
  /** Whether this window follows what is selected in the other windows of this browser, and they it. */
  in_step = $state(sessionStorage.getItem(STEP_AS) !== 'no');
  /** A place that was put into call taking from elsewhere: the map, or the action line. */
  handed = $state.raw<{ said?: string; lat?: number; lon?: number } | null>(null);

  #channel: BroadcastChannel | null = null;

  constructor(readonly session: Session, readonly node: NodeInfo, readonly leave: () => void) {
    this.board = new Board(leave);
    this.joint = new JointWatch(this.board);
    this.support = new SupportWatch(this.board);
    this.duty = new DutyWatch(this.board);
    this.seats = seatsOf(session);
    this.zone = node.clock.zone ?? undefined;
  }

  /** The selected incident, if it is on the board. */
  get incident() {
    return this.incident_id === null ? undefined : this.board.incidents.get(this.incident_id);
  }

  /** The selected unit, if it is on the board. */
  get unit() {
    return this.unit_id === null ? undefined : this.board.units.get(this.unit_id);
  }

  /** Begins to follow the node and the other windows; returns how to stop. */
  start(): () => void {
    const stop = this.may('read_board') ? this.board.start() : this.board.startWithoutBoard();
    const stopDuty = this.may('read_board') ? this.duty.start() : () => undefined;
    this.#channel = new BroadcastChannel(CHANNEL);
    this.#channel.onmessage = (message: MessageEvent<Step>) => {
      if (!this.in_step) return;
      const { incident, unit, aim } = message.data;
      this.incident_id = incident;
      this.unit_id = unit;
      this.aim = aim;
    };
    return () => {
      stop();
      stopDuty();
      this.#channel?.close();
    };
  }

  /** Returns true if the node says that this person's seats may do something. */
  may(permission: string): boolean {
    return this.session.person.may.includes(permission);
  }

  /** Returns true if this person's seats may deal with an alarm on a record of this kind. */
  mayDealWith(kind: OpenAlarm['kind']): boolean {
    return this.may(kind === 'assignment' ? 'send_units' : kind === 'incident' ? 'run_incidents' : kind === 'directive' ? 'issue_directives' : kind === 'support_request' ? 'act_on_support' : 'take_calls');
  }

  /** Selects an incident here and in the windows that are in step. */
  selectIncident(id: string | null) {
    this.incident_id = id;
    this.unit_id = null;
    this.#tell(id === null ? null : { kind: 'incident', id });
  }

  /** Selects a unit and the incident it is on. */
  selectUnit(id: string | null) {
    this.unit_id = id;
    const assignment = id === null ? null : this.board.units.get(id)?.assignment;
    const at_work = assignment ? this.board.assignments.get(assignment)?.incident : undefined;
    if (at_work) this.incident_id = at_work;
    this.#tell(id === null ? this.aim : { kind: 'unit', id });
  }

  /** Sets whether this window goes along with the others. */
  keepStep(in_step: boolean) {
    this.in_step = in_step;
    sessionStorage.setItem(STEP_AS, in_step ? 'yes' : 'no');
  }

  #tell(aim: Aim | null) {
    this.aim = aim;
    if (!this.in_step) return;
    const step: Step = { incident: this.incident_id, unit: this.unit_id, aim };
    this.#channel?.postMessage(step);
  }
}

/** Gives the desk to every part below. */
export const shareDesk = (desk: Desk) => setContext(CONTEXT, desk);

/** Returns the desk of this window. */
export const theDesk = (): Desk => getContext<Desk>(CONTEXT);
