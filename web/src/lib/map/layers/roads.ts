// The basemap: roads by class and their names, drawn from the same data as the road times. It is
// filled once by the map view and does not change with the scene.

import type { FeatureCollection } from 'geojson';
import type { ExpressionSpecification, GeoJSONSource, LayerSpecification, Map as MapLibreMap } from 'maplibre-gl';
import { FONT, type Layer } from './layer';

const SOURCE = 'roads';

const STREETS = ['residential', 'unclassified', 'living_street', 'road'];
const MAIN = ['tertiary', 'tertiary_link', 'secondary', 'secondary_link'];
const PRIMARY = ['primary', 'primary_link', 'trunk', 'trunk_link', 'motorway_link'];
const MOTORWAY = ['motorway'];

const width = (low: number, high: number): ExpressionSpecification =>
  ['interpolate', ['exponential', 1.5], ['zoom'], 9, low, 17, high];

/** From which zoom the names of each class are written, the largest roads first. */
const NAMED: readonly { id: string; classes: string[]; minzoom: number; size: number }[] = [
  { id: 'roads-names-motorway', classes: MOTORWAY, minzoom: 10.5, size: 12.5 },
  { id: 'roads-names-primary', classes: PRIMARY, minzoom: 12, size: 12.5 },
  { id: 'roads-names-main', classes: MAIN, minzoom: 13, size: 12 },
];

const of = (classes: readonly string[]): ExpressionSpecification => ['in', ['get', 'class'], ['literal', classes]];

/** Roads above the ground. */
export const roads: Layer = {
  sources: [SOURCE],
  styles({ colour, scale, language }) {
    const line = (
      id: string, filter: ExpressionSpecification, name: string, low: number, high: number, minzoom: number,
    ): LayerSpecification => ({
      id,
      type: 'line',
      source: SOURCE,
      minzoom,
      filter,
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': colour(name), 'line-width': width(low, high) },
    });
    const name: ExpressionSpecification = ['coalesce', ['get', language === 'zh-CN' ? 'name_zh' : 'name_en'], ['get', 'name'], ''];
    const text = (id: string, filter: ExpressionSpecification, minzoom: number, size: number): LayerSpecification => ({
      id,
      type: 'symbol',
      source: SOURCE,
      minzoom,
      filter,
      layout: {
        'symbol-placement': 'line',
        'text-field': name,
        'text-font': FONT,
        'text-size': size * scale,
        'text-padding': 12,
      },
      paint: { 'text-color': colour('--map-road-name'), 'text-halo-color': colour('--map-ground'), 'text-halo-width': 1.5 },
    });
    return [
      // Whatever this page has no rank for is drawn as the smallest, not left out.
      line('roads-small', ['!', of([...STREETS, ...MAIN, ...PRIMARY, ...MOTORWAY])], '--map-road-small', 0.2, 6, 13),
      line('roads-streets', of(STREETS), '--map-road', 0.4, 10, 10),
      line('roads-main', of(MAIN), '--map-road', 0.8, 13, 0),
      line('roads-primary', of(PRIMARY), '--map-road-main', 1, 16, 0),
      line('roads-motorway', of(MOTORWAY), '--map-road-motorway', 1.6, 18, 0),
      // Drawn last is placed first: the largest roads get their room before the small ones.
      text('roads-names', ['!', of([...MAIN, ...PRIMARY, ...MOTORWAY])], 14, 12),
      ...[...NAMED].reverse().map(({ id, classes, minzoom, size }) => text(id, of(classes), minzoom, size)),
    ];
  },
  show() {},
};

/** Fills in the roads once they have arrived. */
export function fillRoads(map: MapLibreMap, collection: FeatureCollection) {
  map.getSource<GeoJSONSource>(SOURCE)?.setData(collection);
}
