// What lies under a point of the map, and how a crowd is opened. Start at `thingAt`.

import type { Map as MapLibreMap } from 'maplibre-gl';
import type { Incident, Point } from '../api/types';
import { layers } from './layers';
import { INCIDENTS, INCIDENT_CROWDS } from './layers/incidents';
import type { PlacedUnit, Scene } from './layers/layer';
import { MARKS } from './layers/marks';
import { UNIT_CROWDS } from './layers/units';

/** What can be under a pointer. */
export type Thing =
  | { kind: 'incident'; id: string }
  | { kind: 'unit'; id: string }
  | { kind: 'incidents'; members: Incident[] }
  | { kind: 'units'; members: PlacedUnit[] }
  | { kind: 'mark'; index: number };

/** How far from a mark a press still counts, in px: marks are small and gloved fingers are not. */
const NEAR_PX = 8;
/** The zoom beyond which a crowd is not opened further; nothing is a crowd there. */
const OPEN_ZOOM_MAX = 16.5;
/** Room around the members of a crowd that was opened, in px. */
const MARGIN_PX = 70;

const CLICKABLE = layers.flatMap((layer) => layer.clickable ?? []);

/** Returns the topmost thing at a point of the screen, if any. */
export function thingAt(map: MapLibreMap, { x, y }: { x: number; y: number }, scene: Scene, near_px = NEAR_PX): Thing | null {
  const hit = map.queryRenderedFeatures([[x - near_px, y - near_px], [x + near_px, y + near_px]], { layers: CLICKABLE })[0];
  if (!hit) return null;
  const { id, index } = hit.properties as { id?: string; index?: number };
  switch (hit.layer.id) {
    case MARKS:
      return index === undefined ? null : { kind: 'mark', index };
    case INCIDENTS:
      return id === undefined ? null : { kind: 'incident', id };
    case INCIDENT_CROWDS: {
      // The crowd may have been made anew since it was drawn; then the next press finds it.
      const members = scene.incident_crowds[index ?? -1]?.members;
      return members ? { kind: 'incidents', members } : null;
    }
    case UNIT_CROWDS: {
      const members = scene.unit_crowds[index ?? -1]?.members;
      return members ? { kind: 'units', members } : null;
    }
    default:
      return id === undefined ? null : { kind: 'unit', id };
  }
}

/** Moves the map so near that the members of a crowd stand apart. */
export function openCrowd(map: MapLibreMap, members: readonly Point[]) {
  const lon = members.map((point) => point.lon);
  const lat = members.map((point) => point.lat);
  const fits = map.cameraForBounds([[Math.min(...lon), Math.min(...lat)], [Math.max(...lon), Math.max(...lat)]], { padding: MARGIN_PX });
  const nearer = Math.floor(map.getZoom()) + 1;
  const zoom = Math.min(OPEN_ZOOM_MAX, Math.max(fits?.zoom ?? nearer, nearer));
  map.easeTo({ center: fits?.center ?? [lon[0] ?? 0, lat[0] ?? 0], zoom, duration: 500 });
}
