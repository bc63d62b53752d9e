// Where the selected unit gets to within which time, and its way to the incident, as the node works them
// out. The rings carry their minutes, so that they can be read without their colour.

import type { FeatureCollection } from 'geojson';
import { FONT, fill, type Layer } from './layer';

const RINGS = 'reach';
const WAY = 'route';

/** Rings and way below the units. */
export const reach: Layer = {
  switch: 'reach',
  sources: [RINGS, WAY],
  styles({ colour, scale }) {
    return [
      {
        id: 'reach-inside', type: 'fill', source: RINGS,
        paint: { 'fill-color': colour('--accent'), 'fill-opacity': 0.07 },
      },
      {
        id: 'reach-edge', type: 'line', source: RINGS,
        layout: { 'line-join': 'round' },
        paint: { 'line-color': colour('--accent'), 'line-width': 1.4 * scale, 'line-opacity': 0.8, 'line-dasharray': [2, 1.5] },
      },
      {
        id: 'route-ground', type: 'line', source: WAY,
        layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: { 'line-color': colour('--map-ground'), 'line-width': 8 * scale },
      },
      {
        id: 'route', type: 'line', source: WAY,
        layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: { 'line-color': colour('--accent'), 'line-width': 4.5 * scale },
      },
      {
        id: 'reach-names', type: 'symbol', source: RINGS,
        layout: {
          'symbol-placement': 'line', 'symbol-spacing': 300, 'text-field': ['get', 'label'], 'text-font': FONT, 'text-size': 12.5 * scale,
          'text-padding': 20,
        },
        paint: { 'text-color': colour('--accent'), 'text-halo-color': colour('--map-ground'), 'text-halo-width': 2 },
      },
    ];
  },
  show(map, scene) {
    const rings: FeatureCollection['features'] = (scene.reach?.features ?? []).map((ring) => ({
      ...ring, properties: { label: scene.withinText(ring.properties.within_s) },
    }));
    fill(map, RINGS, rings);
    const line = scene.route?.line ?? [];
    fill(map, WAY, line.length < 2 ? [] : [{ type: 'Feature', geometry: { type: 'LineString', coordinates: line }, properties: {} }]);
  },
};
