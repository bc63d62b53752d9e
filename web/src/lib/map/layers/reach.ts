// Where the selected unit gets to within which time, and its way to the incident, as the node works them
// out. The rings carry their minutes, so that they can be read without their colour.

import type { FeatureCollection, MultiPolygon, Polygon, Position } from 'geojson';
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
        id: 'reach-names', type: 'symbol', source: RINGS, filter: ['==', ['geometry-type'], 'Point'],
        layout: {
          'text-field': ['get', 'label'], 'text-font': FONT, 'text-size': 13 * scale, 'text-anchor': 'bottom', 'text-offset': [0, -0.2],
          'text-allow-overlap': true,
        },
        paint: { 'text-color': colour('--accent'), 'text-halo-color': colour('--map-ground'), 'text-halo-width': 2 },
      },
    ];
  },
  show(map, scene) {
    fill(map, RINGS, (scene.reach?.features ?? []).flatMap((ring): FeatureCollection['features'] => {
      const top = northernmost(ring.geometry);
      if (top === undefined) return [];
      const label = scene.withinText(ring.properties.within_s);
      return [{ ...ring, properties: {} }, { type: 'Feature', geometry: { type: 'Point', coordinates: top }, properties: { label } }];
    }));
    const line = scene.route?.line ?? [];
    fill(map, WAY, line.length < 2 ? [] : [{ type: 'Feature', geometry: { type: 'LineString', coordinates: line }, properties: {} }]);
  },
};

/** Returns where a ring's time is written: upright, at its top. */
function northernmost(area: Polygon | MultiPolygon): Position | undefined {
  const corners = area.type === 'Polygon' ? area.coordinates.flat() : area.coordinates.flat(2);
  let top: Position | undefined;
  for (const corner of corners) if (top === undefined || (corner[1] ?? 0) > (top[1] ?? 0)) top = corner;
  return top;
}
