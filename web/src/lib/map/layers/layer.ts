// What every map layer is: something that names its sources and style layers once, and shows a scene.
// A layer keeps no state of its own and asks nobody anything. Colours, size and language come with the
// brush, so that the map can be painted anew when any of them changes.

import type { FeatureCollection } from 'geojson';
import type { ExpressionSpecification, GeoJSONSource, LayerSpecification, Map as MapLibreMap } from 'maplibre-gl';
import type { Incident, Point, Position, RoadCondition, RoadsMetAnswer, Station, Unit } from '../../api/types';
import type { Language } from '../../strings/index.svelte';
import type { Crowd } from '../crowd';
import type { ShapeKind } from '../drawing.svelte';
import type { Reach, Route } from '../requests';
import type { LayerName } from '../shown.svelte';

/** A unit with its last known position, where it is drawn, and whether it stands at its station. */
export interface PlacedUnit { unit: Unit; position: Position; at: Point; standing: boolean }

/** A numbered place on the map, such as one that a search found. */
export interface PlaceMark extends Point { text: string }

/** A unit's round as it is drawn: its places in their order. */
export interface RoundLine {
  callsign: string;
  places: readonly Point[];
  proposed: boolean;
  /** The ways between the places, where the node has told them. */
  ways?: readonly { basis: 'road' | 'straight_line'; line: readonly (readonly number[])[] }[] | undefined;
}

/** Everything the map shows at one moment. */
export interface Scene {
  incidents: Incident[];
  incident_crowds: Crowd<Incident>[];
  units: PlacedUnit[];
  unit_crowds: Crowd<PlacedUnit>[];
  stations: Station[];
  /** How many free units stand at each station. */
  free_at: Map<string, number>;
  /** Where the units assigned to the selected incident are. */
  answering: PlacedUnit[];
  selected_incident: Incident | undefined;
  selected_unit: string | null;
  /** Road conditions in force or to come. */
  conditions: RoadCondition[];
  /** Which roads those in force meet, once that is known. */
  met: RoadsMetAnswer | null;
  /** The shape that is being drawn. */
  draft: { kind: ShapeKind; points: readonly Point[]; radius_m: number } | null;
  reach: Reach | null;
  route: Route | null;
  marks: readonly PlaceMark[];
  rounds: readonly RoundLine[];
  picked: Point | null;
  /** Whether call signs are written; not where there are thousands of them. */
  named: boolean;
  /** The time of the board, in ms since 1970. */
  now_ms: number;
  /** Age beyond which a position is marked as old, in ms. */
  old_ms: number;
  /** Writes an age in the present language. */
  ageText: (age_ms: number) => string;
  /** Writes what a road condition says beside its sign. */
  conditionText: (condition: RoadCondition) => string;
  /** Writes a time within which a unit gets somewhere. */
  withinText: (seconds: number) => string;
}

/** With what a layer is painted. */
export interface Brush {
  colour: (name: string) => string;
  /** 2 for a wall that is read from afar. */
  scale: 1 | 2;
  language: Language;
}

/** One layer of the map. */
export interface Layer {
  /** By which switch it is shown; without one it is always there. */
  switch?: Exclude<LayerName, 'grouped'>;
  /** The ids of its style layers that can be clicked. */
  clickable?: readonly string[];
  /** The sources it fills; layers may share one. */
  sources: readonly string[];
  /** Its style layers, the lowest first. */
  styles(brush: Brush): LayerSpecification[];
  /** Shows a scene. */
  show(map: MapLibreMap, scene: Scene): void;
}

/** The font of every text on the map, loaded by the page before the map draws. */
export const FONT = ['Noto Sans SC Variable'];

/** Returns an offset to the right by a property of the feature, with `down` below. A pair cannot be a
    property itself: the library hands it back as text when it looks for what was hit. */
export const aside = (property: string, down = 0): ExpressionSpecification =>
  ['interpolate', ['linear'], ['coalesce', ['get', property], 0], 0, ['literal', [0, down]], 10_000, ['literal', [10_000, down]]];

/** No features at all. */
export const nothing = (): FeatureCollection => ({ type: 'FeatureCollection', features: [] });

/** Up to how many features are compared with those that are shown already; beyond, comparing costs more than it saves. */
const COMPARED_MAX = 500;

const shown = new WeakMap<MapLibreMap, Map<string, string>>();

/** Gives a source its new features. The same as before cost nothing: what is set is laid out and placed
    anew, and most of what is on a map does not move. */
export function fill(map: MapLibreMap, source: string, features: FeatureCollection['features']) {
  const before = shown.get(map) ?? new Map<string, string>();
  shown.set(map, before);
  const text = features.length <= COMPARED_MAX ? JSON.stringify(features) : null;
  if (text !== null && before.get(source) === text) return;
  if (text === null) before.delete(source);
  else before.set(source, text);
  map.getSource<GeoJSONSource>(source)?.setData({ type: 'FeatureCollection', features });
}
