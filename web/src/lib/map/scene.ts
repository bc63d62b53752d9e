// Makes the scene of one moment out of a board: who is where, who belongs to the selected incident, and
// which marks are so crowded that they become one. It draws nothing. Start at `sceneOf`.

import type { Incident, Station } from '../api/types';
import type { MapBoard } from './board';
import { gather, type Crowding } from './crowd';
import type { PlacedUnit, Scene } from './layers/layer';
import { standsAt } from './layers/place';
import type { LayerName } from './shown.svelte';

/** Age beyond which a position is marked as old on a real clock, in ms. */
const OLD_MS = 60_000;
/** How long a fix may be on its way to this page, in ms of real time; a replay multiplies it. */
const CARRIED_MS = 4_000;
/** Call signs are written only while so many units are in view. */
const NAMED_MAX = 1_000;

const INCIDENTS: Crowding = { cell_px: 44, crowd_min: 3, zoom_max: 15 };
const UNITS: Crowding = { cell_px: 60, crowd_min: 5, zoom_max: 15 };

/** Zoom from which units at their station are made ready to be drawn; a little before they are. */
const STANDING_ZOOM = 12;

/** The part of the world in view, with some room around. */
export interface View { west: number; south: number; east: number; north: number; zoom: number }

/** What the scene needs besides the board. */
export interface SceneOptions extends Pick<Scene,
  'selected_unit' | 'met' | 'draft' | 'reach' | 'route' | 'marks' | 'rounds' | 'picked' | 'ageText' | 'conditionText' | 'withinText'> {
  selected_incident: string | null;
  view: View;
  on: Record<LayerName, boolean>;
  /** Marks are that many times larger. */
  scale: number;
}

/** Returns age beyond which a position is old, on a clock of that speed. */
export const oldAfter_ms = (board: MapBoard) => OLD_MS + CARRIED_MS * Math.max(1, board.clock.speed ?? 1);

/** Returns what the map shows now. */
export function sceneOf(board: MapBoard, options: SceneOptions): Scene {
  const { view, on } = options;
  const incident = options.selected_incident === null ? undefined : board.incidents.get(options.selected_incident);
  const at_work = unitsOn(board, incident);
  const placed = placedUnits(board, view, at_work, options.selected_unit);
  const shown = incident && !board.open.includes(incident) ? [...board.open, incident] : board.open;

  const grouped = (how: Crowding): Crowding => ({ ...how, cell_px: how.cell_px * options.scale, zoom_max: on.grouped ? how.zoom_max : 0 });
  const incidents = gather(shown, (each) => each.place, (each) => each === incident, view.zoom, grouped(INCIDENTS));
  // A unit at its station has no mark of its own from afar, so it makes no crowd either.
  const units = gather(
    placed.in_view, (each) => each.at,
    ({ unit, standing }) => standing || unit.id === options.selected_unit || at_work.has(unit.id), view.zoom, grouped(UNITS),
  );
  return {
    ...options,
    incidents: incidents.alone,
    incident_crowds: incidents.crowds,
    units: units.alone,
    unit_crowds: units.crowds,
    stations: [...board.stations.values()],
    conditions: [...board.road_conditions.values()].filter(({ phase }) => phase === 'in_force' || phase === 'planned'),
    free_at: placed.free_at,
    answering: placed.in_view.filter(({ unit }) => at_work.has(unit.id)),
    selected_incident: incident,
    named: units.alone.length <= NAMED_MAX,
    now_ms: board.clock.now_ms,
    old_ms: oldAfter_ms(board),
  };
}

/** Returns the units with a live assignment to an incident. */
function unitsOn(board: MapBoard, incident: Incident | undefined): Set<string> {
  const found = new Set<string>();
  for (const id of incident?.assignments ?? []) {
    const assignment = board.assignments.get(id);
    if (!assignment) continue;
    const { status } = assignment;
    if (status !== 'cancelled' && status !== 'cleared' && status !== 'declined') found.add(assignment.unit);
  }
  return found;
}

/** Returns the units in view, and those that matter wherever they are; and how many are free at each station. */
function placedUnits(board: MapBoard, view: View, at_work: Set<string>, selected: string | null) {
  const in_view: PlacedUnit[] = [];
  const free_at = new Map<string, number>();
  for (const unit of board.units.values()) {
    const position = board.positions.get(unit.id);
    if (!position) {
      // Where it is nobody knows; that it is free and belongs there is known.
      if (unit.status === 'available' && unit.station !== null) free_at.set(unit.station, (free_at.get(unit.station) ?? 0) + 1);
      continue;
    }
    const at_rest = unit.status === 'available' || unit.status === 'off_duty' || unit.status === 'out_of_service';
    const home: Station | undefined = at_rest && unit.station !== null ? board.stations.get(unit.station) : undefined;
    const standing = home !== undefined && standsAt(position, home.place);
    if (standing && unit.status === 'available') free_at.set(home.id, (free_at.get(home.id) ?? 0) + 1);
    const { lat, lon } = position;
    const seen = lat >= view.south && lat <= view.north && lon >= view.west && lon <= view.east;
    // From afar the station's number stands for those that stand there.
    const drawn = seen && (!standing || view.zoom >= STANDING_ZOOM);
    if (!drawn && unit.id !== selected && !at_work.has(unit.id)) continue;
    in_view.push({ unit, position, at: position, standing });
  }
  return { in_view, free_at };
}

/** What the map shows, in numbers, for those who cannot see it. */
export interface Counts { incidents: number; unsent: number; units: number; old: number; unplaced: number; stations: number }

/** Counts what is on the board of the map. */
export function countsOf(board: MapBoard): Counts {
  const old_ms = oldAfter_ms(board);
  const counts: Counts = {
    incidents: board.open.length, unsent: board.open.filter(({ status }) => status === 'active').length,
    units: 0, old: 0, unplaced: 0, stations: board.stations.size,
  };
  for (const unit of board.units.values()) {
    if (unit.status === 'off_duty') continue;
    const position = board.positions.get(unit.id);
    if (!position) counts.unplaced += 1;
    else {
      counts.units += 1;
      if (board.clock.now_ms - Date.parse(position.at) > old_ms) counts.old += 1;
    }
  }
  return counts;
}
