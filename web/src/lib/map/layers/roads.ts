// The basemap: roads by class and their names, drawn from the same data as the road times. It is
// filled once by the map view and does not change with the scene.

import type { FeatureCollection } from 'geojson';
import type { ExpressionSpecification, GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl';
import { FONT, nothing, type Layer } from './layer';

const SOURCE = 'roads';

const width = (low: number, high: number): ExpressionSpecification =>
  ['interpolate', ['exponential', 1.5], ['zoom'], 9, low, 17, high];

/** Roads below everything else. */
export const roads: Layer = {
  add(map, colour) {
    map.addSource(SOURCE, { type: 'geojson', data: nothing(), tolerance: 0.5 });
    const line = (id: string, classes: string[], name: string, low: number, high: number, minzoom: number) =>
      map.addLayer({
        id,
        type: 'line',
        source: SOURCE,
        minzoom,
        filter: ['in', ['get', 'class'], ['literal', classes]],
        layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: { 'line-color': colour(name), 'line-width': width(low, high) },
      });
    line('roads-small', ['service', 'other'], '--map-road-small', 0.2, 6, 13);
    line('roads-residential', ['residential'], '--map-road', 0.4, 10, 10);
    line('roads-main', ['tertiary', 'secondary'], '--map-road', 0.8, 13, 0);
    line('roads-primary', ['primary', 'trunk'], '--map-road-main', 1, 16, 0);
    line('roads-motorway', ['motorway'], '--map-road-motorway', 1.6, 18, 0);
    map.addLayer({
      id: 'roads-names',
      type: 'symbol',
      source: SOURCE,
      minzoom: 14,
      filter: ['all', ['has', 'name'], ['!=', ['get', 'name'], null]],
      layout: {
        'symbol-placement': 'line',
        'text-field': ['get', 'name'],
        'text-font': FONT,
        'text-size': 12,
        'text-padding': 12,
      },
      paint: { 'text-color': colour('--map-road-name'), 'text-halo-color': colour('--map-ground'), 'text-halo-width': 1.5 },
    });
  },
  show() {},
};

/** Fills in the roads once they have arrived. */
export function fillRoads(map: MapLibreMap, collection: FeatureCollection) {
  map.getSource<GeoJSONSource>(SOURCE)?.setData(collection);
}
