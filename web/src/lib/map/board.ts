// What the map reads of a board. The live board has all of it; a board of the past is made from one
// answer of the node, so that the map shows any minute without knowing which. Start at `MapBoard`.

import type { Assignment, Board as BoardAnswer, Incident, Position, RoadCondition, Station, Unit } from '../api/types';

/** A board as far as the map is concerned. */
export interface MapBoard {
  readonly incidents: ReadonlyMap<string, Incident>;
  /** The open incidents. */
  readonly open: readonly Incident[];
  readonly units: ReadonlyMap<string, Unit>;
  readonly assignments: ReadonlyMap<string, Assignment>;
  readonly stations: ReadonlyMap<string, Station>;
  readonly road_conditions: ReadonlyMap<string, RoadCondition>;
  readonly positions: ReadonlyMap<string, Position>;
  /** Another number whenever a position changed. */
  readonly positions_seen: number;
  readonly clock: { readonly now_ms: number; readonly speed: number | null; readonly conditions_version?: number | null };
}

const ended = ({ status }: Incident) => status === 'closed' || status === 'cancelled' || status === 'merged';

/** Returns a board that stands still: what the node answered for one moment. */
export function boardAt(answer: Pick<BoardAnswer, 'incidents' | 'units' | 'assignments' | 'stations' | 'road_conditions'>, now_ms: number): MapBoard {
  const byId = <T extends { id: string }>(records: readonly T[]) => new Map(records.map((record) => [record.id, record]));
  return {
    incidents: byId(answer.incidents),
    open: answer.incidents.filter((incident) => !ended(incident)),
    units: byId(answer.units),
    assignments: byId(answer.assignments),
    stations: byId(answer.stations),
    road_conditions: byId(answer.road_conditions),
    positions: new Map(answer.units.flatMap((unit) => (unit.position ? [[unit.id, unit.position]] : []))),
    positions_seen: 0,
    clock: { now_ms, speed: 1 },
  };
}
