// What the phone keeps so that the crew's page opens without coverage: this unit's own last assignment
// and incident as the node last told them, and who signed in here, without name or password. Nothing of
// callers is kept, and all of it goes at sign-out. Start at `Kept`.

import type { Assignment, Incident, NodeInfo, PatrolLeg, Session, Unit } from '../api/types';

const KEPT_AS = 'watchfire.crew.kept';
/** The form of the copy; one of another form is not read. */
const FORM = 3;

/** Another unit that goes to the same incident. */
export interface Other {
  callsign: string;
  kind: string;
  status: Assignment['status'];
}

/** A place of one's own round. */
export interface RoundPoint {
  no: number;
  label: string;
  lat: number;
  lon: number;
  stay_min: number;
}

/** One's own round of a patrol plan. */
export interface OwnRound {
  patrol: string;
  theme: string;
  legs: PatrolLeg[];
  points: RoundPoint[];
}

/** What the crew is shown of the world: its unit, and what it is sent to. */
export interface Shown {
  unit: Unit;
  assignment: Assignment | null;
  incident: Incident | null;
  others: Other[];
  /** The round it is on, if it is on one. */
  round: OwnRound | null;
}

/** The copy on this phone. */
export interface Kept extends Shown {
  form: typeof FORM;
  session: Session;
  node: NodeInfo;
  /** The node's time when it was last heard, in ms. */
  heard_ms: number;
  /** How far the node's clock is ahead of this phone's, in ms; null in a replay, whose clock runs otherwise. */
  ahead_ms: number | null;
}

/** Returns the copy, or null when there is none that can be read. */
export function readKept(): Kept | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT_AS) ?? 'null') as Kept | null;
    return kept?.form === FORM && typeof kept.session?.person?.unit === 'string' ? kept : null;
  } catch {
    return null;
  }
}

/** Puts the copy down; returns false when this browser keeps nothing. */
export function keep(session: Session, node: NodeInfo, shown: Shown, heard_ms: number, ahead_ms: number | null): boolean {
  const { id, roles, may, unit } = session.person;
  const kept: Kept = {
    ...shown,
    form: FORM,
    session: { demo: session.demo, person: { id, roles, may, unit, login: '', name: '' } },
    node,
    heard_ms,
    ahead_ms,
  };
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify(kept));
    return true;
  } catch {
    return false;
  }
}

/** Forgets the copy. */
export function forgetKept() {
  localStorage.removeItem(KEPT_AS);
}

/** Returns true when two sessions are of one person with the same unit and the same rights. */
export function sameSession(a: Session, b: Session): boolean {
  const of = (session: Session) => {
    const { id, roles, may, unit } = session.person;
    return JSON.stringify([id, unit, [...roles].sort(), [...may].sort(), session.demo]);
  };
  return of(a) === of(b);
}
