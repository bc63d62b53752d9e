// The basemap: roads by class and their names, drawn from the same data as the road times. It is
// filled once by the map view and does not change with the scene.

import type { FeatureCollection } from 'geojson';
import type { ExpressionSpecification, GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl';
import { FONT, nothing, type Layer } from './layer';

const SOURCE = 'roads';

const STREETS = ['residential', 'unclassified', 'living_street', 'road'];
const MAIN = ['tertiary', 'tertiary_link', 'secondary', 'secondary_link'];
const PRIMARY = ['primary', 'primary_link', 'trunk', 'trunk_link', 'motorway_link'];
const MOTORWAY = ['motorway'];

const width = (low: number, high: number): ExpressionSpecification =>
  ['interpolate', ['exponential', 1.5], ['zoom'], 9, low, 17, high];

/** Roads below everything else. */
export const roads: Layer = {
  add(map, colour) {
    map.addSource(SOURCE, { type: 'geojson', data: nothing(), tolerance: 0.5 });
    const of = (classes: string[]): ExpressionSpecification => ['in', ['get', 'class'], ['literal', classes]];
    const line = (id: string, filter: ExpressionSpecification, name: string, low: number, high: number, minzoom: number) =>
      map.addLayer({
        id,
        type: 'line',
        source: SOURCE,
        minzoom,
        filter,
        layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: { 'line-color': colour(name), 'line-width': width(low, high) },
      });
    // Whatever this page has no rank for is drawn as the smallest, not left out.
    line('roads-small', ['!', of([...STREETS, ...MAIN, ...PRIMARY, ...MOTORWAY])], '--map-road-small', 0.2, 6, 13);
    line('roads-streets', of(STREETS), '--map-road', 0.4, 10, 10);
    line('roads-main', of(MAIN), '--map-road', 0.8, 13, 0);
    line('roads-primary', of(PRIMARY), '--map-road-main', 1, 16, 0);
    line('roads-motorway', of(MOTORWAY), '--map-road-motorway', 1.6, 18, 0);
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
