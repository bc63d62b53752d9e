// What the node says over HTTP, as this page reads it. These are shapes only: no rule of the
// domain lives here, and nothing outside `api/` builds one. Start at `Board`.
// Until the node's OpenAPI document is generated these are kept by hand; `npm run types` then
// writes `schema.d.ts` beside this file, and this file becomes names for its parts.

/** A text in both languages of the product. */
export interface Bilingual { en: string; zh: string }

/** A reason, shortfall or the like: a stable code and its text. */
export interface Coded { code: string; text: Bilingual }

/** Urgency; 1 is the most urgent. */
export type Priority = 1 | 2 | 3 | 4;

export interface Point { lat: number; lon: number }

export interface Place extends Point { address: string | null; area: string | null }

export type IncidentStatus = 'active' | 'assigned' | 'en_route' | 'on_scene' | 'closed' | 'cancelled' | 'merged';

/** How the other incident stands to this one. */
export type Relation = 'parent' | 'child' | 'related';

export interface Incident {
  id: string;
  version: number;
  number: number;
  status: IncidentStatus;
  category: string;
  priority: Priority;
  alarm_level: number;
  place: Place;
  opened_at: string;
  closed_at: string | null;
  disposition: string | null;
  calls: string[];
  assignments: string[];
  merged_into: string | null;
  split_from?: string | null;
  links: { incident: string; relation: Relation }[];
  notes: number;
}

export type CallStatus = 'received' | 'joined' | 'closed';

export interface Call {
  id: string;
  version: number;
  number: number;
  status: CallStatus;
  channel: string;
  received_at: string;
  place: Place | null;
  category: string | null;
  priority: Priority | null;
  incident: string | null;
  /** Why it was closed without action. */
  reason?: string | null;
  /** Null when sealed, expired, or not for this seat. */
  personal: { caller: string | null; callback: string | null; said: string | null } | null;
}

export type UnitStatus = 'off_duty' | 'available' | 'assigned' | 'en_route' | 'on_scene' | 'out_of_service';

export interface Position extends Point { heading_deg: number | null; at: string }

export interface Unit {
  id: string;
  version: number;
  callsign: string;
  kind: string;
  capabilities: string[];
  station: string | null;
  crew: number | null;
  status: UnitStatus;
  status_since: string;
  /** Why it is out of service. */
  reason?: string | null;
  assignment: string | null;
  rest_until: string | null;
  position: Position | null;
}

export type AssignmentStatus =
  | 'proposed' | 'sent' | 'acknowledged' | 'declined' | 'departed' | 'arrived' | 'cleared' | 'cancelled';

/** How a travel time was found: along the road network, or by a straight line and a factor. */
export type Basis = 'road' | 'straight_line';

export type AlarmCode = 'unanswered' | 'late_departure' | 'overdue_arrival';

export interface Alarm { code: AlarmCode; since: string; text: Bilingual }

export interface Assignment {
  id: string;
  version: number;
  incident: string;
  unit: string;
  status: AssignmentStatus;
  sent_at: string | null;
  acknowledged_at: string | null;
  departed_at: string | null;
  arrived_at: string | null;
  cleared_at: string | null;
  /** How or why it ended. */
  ending?: string | null;
  travel_time_s: number | null;
  basis: Basis | null;
  reasons: Coded[];
  alarms: Alarm[];
}

export interface Station {
  id: string;
  version: number;
  code: string;
  name: string;
  place: Place;
}

/** The records of the board by the name the stream gives their kind. */
export interface RecordKinds {
  incident: Incident;
  call: Call;
  unit: Unit;
  assignment: Assignment;
  station: Station;
}

export type RecordKind = keyof RecordKinds;

/** One record as the stream brings it: the whole of it, to replace what was known. */
export type RecordMessage = { [K in RecordKind]: { kind: K; record: RecordKinds[K] } }[RecordKind];

export interface Board {
  cursor: string;
  incidents: Incident[];
  calls: Call[];
  units: Unit[];
  assignments: Assignment[];
  stations: Station[];
}

/** One fix: unit id, latitude, longitude, heading in degrees or null, time in ms. */
export type PositionFix = [unit: string, lat: number, lon: number, heading_deg: number | null, at_ms: number];

export interface PositionsMessage { at: string; positions: PositionFix[] }

/** The node's clock; `speed` is null when it runs as fast as it can. */
export interface ClockMessage { now: string; speed: number | null }

export interface Person { login: string; name: string; roles: string[] }

export interface Session { person: Person; demo: boolean }

export interface RoadsInfo {
  basis: Basis;
  /** What a straight line is multiplied by; null on roads. */
  factor: number | null;
  attribution: string | null;
  bounds: [west: number, south: number, east: number, north: number] | null;
}

export interface Catalogue {
  categories: Record<string, Bilingual>;
  kinds: Record<string, Bilingual>;
  capabilities: Record<string, Bilingual>;
  /** How an incident may end, where the node offers a list. */
  dispositions?: Record<string, Bilingual>;
}

export interface NodeInfo {
  name: string;
  version: string;
  clock: {
    now: string;
    kind: 'real' | 'replay';
    speed: number | null;
    /** The IANA zone the node works in; the browser's own when the node does not say. */
    zone?: string | null;
  };
  simulated: null | { crews: true; text: Bilingual };
  roads: RoadsInfo;
  catalogue: Catalogue;
}

export interface Need {
  label: Bilingual;
  wanted: number;
  /** How many are on the incident already. */
  have: number;
  within_s: number | null;
  /** Who is proposed for the rest. */
  chosen: string[];
}

export interface Candidate {
  unit: string;
  callsign: string;
  kind: string;
  travel_time_s: number | null;
  basis: Basis | null;
  chosen: boolean;
  reasons: Coded[];
}

export interface Recommendation {
  basis: Basis | null;
  needs: Need[];
  candidates: Candidate[];
  shortfalls: Coded[];
  /** Units of a wanted kind that are not offered, and why. */
  passed_over?: { unit: string; callsign: string; text: Bilingual }[];
}

export interface Entry {
  seq: number;
  at: string;
  /** When the reporter says it happened, if that differs from when it was written. */
  claimed_at: string | null;
  by: string;
  kind: string;
  text: Bilingual;
}

export interface EntriesPage { entries: Entry[]; next: string | number | null }

/** Problem details (RFC 9457) with what to do next. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  /** What happened; where it is in both languages it says all that `title` says. */
  detail?: string | null;
  what?: Bilingual | null;
  next_step?: string | Bilingual | null;
  code?: string;
}
