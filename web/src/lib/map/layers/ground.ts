// The ground under the roads: water, green, built-up areas, rivers and railways, from the node's own
// map. It is filled once by the map view and does not change with the scene.

import type { FeatureCollection } from 'geojson';
import type { ExpressionSpecification, GeoJSONSource, LayerSpecification, Map as MapLibreMap } from 'maplibre-gl';
import type { Layer } from './layer';

/** The source that the ground and the names of its places share. */
export const GROUND = 'ground';

const kind = (name: string): ExpressionSpecification => ['==', ['get', 'kind'], name];
const width = (low: number, high: number): ExpressionSpecification =>
  ['interpolate', ['exponential', 1.5], ['zoom'], 9, low, 17, high];

/** The ground below everything else. */
export const ground: Layer = {
  sources: [GROUND],
  styles({ colour }) {
    const area = (name: string): LayerSpecification => ({
      id: `ground-${name}`, type: 'fill', source: GROUND, filter: kind(name), paint: { 'fill-color': colour(`--map-${name}`) },
    });
    return [
      area('built'),
      area('green'),
      area('water'),
      {
        id: 'ground-river', type: 'line', source: GROUND, filter: kind('river'),
        layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: { 'line-color': colour('--map-water'), 'line-width': width(1, 14) },
      },
      {
        id: 'ground-rail', type: 'line', source: GROUND, filter: kind('rail'), minzoom: 9,
        paint: { 'line-color': colour('--map-rail'), 'line-width': width(0.8, 3.5) },
      },
      // The sleepers tell a railway from a road without its colour.
      {
        id: 'ground-rail-sleepers', type: 'line', source: GROUND, filter: kind('rail'), minzoom: 11,
        paint: { 'line-color': colour('--map-rail'), 'line-width': width(2.5, 10), 'line-dasharray': [0.25, 2] },
      },
    ];
  },
  show() {},
};

/** Fills in the ground once it has arrived. */
export function fillGround(map: MapLibreMap, collection: FeatureCollection) {
  map.getSource<GeoJSONSource>(GROUND)?.setData(collection);
}
