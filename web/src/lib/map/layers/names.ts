// Names of places in the language of the page, the large places first: a city from afar, a quarter only
// from near. They lie over the roads and come from the same source as the ground.

import type { ExpressionSpecification, LayerSpecification } from 'maplibre-gl';
import { GROUND } from './ground';
import { FONT, type Layer } from './layer';

/** From which zoom and in which size each rank is written, the largest places first. */
const RANKS: readonly { rank: number; minzoom: number; size: number }[] = [
  { rank: 1, minzoom: 0, size: 17 },
  { rank: 2, minzoom: 9, size: 14.5 },
  { rank: 3, minzoom: 11.5, size: 13 },
  { rank: 4, minzoom: 13, size: 12 },
];

/** Place names above the roads. */
export const names: Layer = {
  sources: [GROUND],
  styles({ colour, scale, language }) {
    const name: ExpressionSpecification = ['coalesce', ['get', language === 'zh-CN' ? 'name_zh' : 'name_en'], ['get', 'name'], ''];
    // Drawn last is placed first: the largest places get their room before the small ones.
    return [...RANKS].reverse().map(({ rank, minzoom, size }): LayerSpecification => ({
      id: `names-${rank}`,
      type: 'symbol',
      source: GROUND,
      minzoom,
      filter: ['all', ['==', ['get', 'kind'], 'place'], ['==', ['get', 'rank'], rank]],
      layout: {
        'text-field': name,
        'text-font': FONT,
        'text-size': size * scale,
        'text-padding': 6,
        'text-max-width': 8,
      },
      paint: { 'text-color': colour('--map-place'), 'text-halo-color': colour('--map-ground'), 'text-halo-width': 1.6 },
    }));
  },
  show() {},
};
