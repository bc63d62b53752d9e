// How soon a free unit is in each square: empty within five minutes, a thin ground within ten, dots within fifteen, strokes
// beyond, so that none needs its colour. Squares that would be reached later without a unit have a thick edge.

import type { FeatureCollection } from 'geojson';
import type { GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl';
import type { CoverageSquares } from '../../api/types';
import type { Layer } from './layer';

const SOURCE = 'coverage';

/** Coverage above the roads, below everything that stands or moves. */
export const coverage: Layer = {
  sources: [SOURCE],
  styles({ colour, scale }) {
    const is = (shown: number): ['==', ['get', string], number] => ['==', ['get', 'shown'], shown];
    return [
      { id: 'coverage-ten', type: 'fill', source: SOURCE, filter: is(1), paint: { 'fill-color': colour('--warn'), 'fill-opacity': 0.16 } },
      { id: 'coverage-fifteen', type: 'fill', source: SOURCE, filter: is(2), paint: { 'fill-pattern': 'hatch-slowed' } },
      { id: 'coverage-beyond', type: 'fill', source: SOURCE, filter: is(3), paint: { 'fill-pattern': 'hatch-closed' } },
      {
        id: 'coverage-later', type: 'line', source: SOURCE, filter: ['==', ['get', 'later'], true],
        paint: { 'line-color': colour('--text'), 'line-width': 2.2 * scale },
      },
    ];
  },
  show() {},
};

/** Fills in the squares; none take them away. */
export function fillCoverage(map: MapLibreMap, squares: CoverageSquares | null) {
  const collection: FeatureCollection = {
    type: 'FeatureCollection',
    features: (squares?.features ?? []).map(({ geometry, properties }) => ({
      type: 'Feature',
      geometry: { type: 'Polygon', coordinates: geometry.coordinates },
      properties: { shown: properties.class_without ?? properties.class, later: properties.class_without !== null && properties.class_without !== undefined },
    })),
  };
  map.getSource<GeoJSONSource>(SOURCE)?.setData(collection);
}
