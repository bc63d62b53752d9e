// What every map layer is: something that adds itself once, below or above the others by the order
// in `index.ts`, and shows a scene. A layer keeps no state of its own and asks nobody anything.

import type { FeatureCollection } from 'geojson';
import type { GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl';
import type { Incident, Position, Station, Unit } from '../../api/types';

/** A unit with its last known position. */
export interface PlacedUnit { unit: Unit; position: Position; age_ms: number }

/** Everything the map shows at one moment. */
export interface Scene {
  incidents: Incident[];
  units: PlacedUnit[];
  stations: Station[];
  /** Where the units assigned to the selected incident are. */
  answering: PlacedUnit[];
  selected_incident: Incident | undefined;
  selected_unit: string | null;
  /** Age beyond which a position is marked as old, in ms. */
  old_ms: number;
  /** Writes an age in the present language. */
  ageText: (age_ms: number) => string;
}

/** One layer of the map. */
export interface Layer {
  /** The ids of its style layers that can be clicked, if any. */
  clickable?: { layer: string; kind: 'incident' | 'unit' };
  /** Adds sources and style layers to a freshly loaded map. */
  add(map: MapLibreMap, colour: (name: string) => string): void;
  /** Shows a scene. */
  show(map: MapLibreMap, scene: Scene): void;
}

/** The font of every text on the map, loaded by the page before the map draws. */
export const FONT = ['Noto Sans SC Variable'];

/** No features at all. */
export const nothing = (): FeatureCollection => ({ type: 'FeatureCollection', features: [] });

/** Gives a source its new features. */
export function fill(map: MapLibreMap, source: string, features: FeatureCollection['features']) {
  map.getSource<GeoJSONSource>(source)?.setData({ type: 'FeatureCollection', features });
}
