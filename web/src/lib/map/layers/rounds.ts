// Patrol rounds: from place to place in their order along the roads, as the node found them, with the call sign and the number
// of each visit. Where no way is told the line is straight and thin: it shows the order alone. A round that is only proposed is dashed.

import type { FeatureCollection } from 'geojson';
import { FONT, fill, type Layer, type RoundLine } from './layer';

const SOURCE = 'rounds';

/** Lines below the marks of the points they join. */
export const rounds: Layer = {
  sources: [SOURCE],
  styles({ colour, scale }) {
    const line = (id: string, proposed: boolean) => ({
      id, type: 'line' as const, source: SOURCE,
      filter: ['all', ['==', ['geometry-type'], 'LineString'], ['==', ['get', 'proposed'], proposed]] as never,
      layout: { 'line-cap': 'round' as const, 'line-join': 'round' as const },
      paint: {
        'line-color': colour('--accent'), 'line-width': ['case', ['get', 'straight'], 1.25 * scale, 3 * scale] as never, 'line-opacity': 0.9,
        ...(proposed ? { 'line-dasharray': [2, 1.6] } : {}),
      },
    });
    return [
      line('rounds', false),
      line('rounds-proposed', true),
      {
        id: 'rounds-numbers', type: 'symbol', source: SOURCE, filter: ['==', ['geometry-type'], 'Point'],
        layout: {
          'text-field': ['get', 'label'], 'text-font': FONT, 'text-size': 12 * scale, 'text-anchor': 'bottom', 'text-offset': [0, -1.1],
          'text-allow-overlap': false,
        },
        paint: { 'text-color': colour('--text'), 'text-halo-color': colour('--map-ground'), 'text-halo-width': 2 },
      },
    ];
  },
  show(map, scene) {
    fill(map, SOURCE, scene.rounds.flatMap(({ callsign, places, proposed, ways }): FeatureCollection['features'] => {
      const straight = [{ basis: 'straight_line', line: places.map(({ lat, lon }) => [lon, lat]) }];
      // A place that is come to twice has both numbers in one label.
      const at = new Map<string, { place: RoundLine['places'][number]; orders: number[] }>();
      places.forEach((place, index) => {
        const key = `${place.lat} ${place.lon}`;
        const known = at.get(key);
        if (known) known.orders.push(index + 1);
        else at.set(key, { place, orders: [index + 1] });
      });
      const numbers = [...at.values()].map(({ place, orders }): FeatureCollection['features'][number] => ({
        type: 'Feature', geometry: { type: 'Point', coordinates: [place.lon, place.lat] }, properties: { label: `${callsign} ${orders.join('·')}` },
      }));
      if (places.length < 2) return numbers;
      const lines = (ways ?? straight).map(({ basis, line }): FeatureCollection['features'][number] => ({
        type: 'Feature', geometry: { type: 'LineString', coordinates: line as number[][] }, properties: { proposed, straight: basis === 'straight_line' },
      }));
      return [...lines, ...numbers];
    }));
  },
};
