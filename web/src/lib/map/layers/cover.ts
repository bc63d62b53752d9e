// How surely a call of the public would be reached in time, square by square: the darker, the more expected calls are out of
// reach; close by, the share is written into the square. It is filled while it is switched on.

import type { FeatureCollection } from 'geojson';
import type { GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl';
import type { Cover } from '../../api/types';
import { FONT, type Layer } from './layer';

const SOURCE = 'cover';
/** From which zoom on the share is written. */
const WRITTEN_FROM = 12.5;
/** Below which share, in percent. */
const WRITTEN_BELOW = 95;

/** Cover above the roads, below everything that stands or moves. */
export const cover: Layer = {
  switch: 'cover',
  sources: [SOURCE],
  styles({ colour, scale }) {
    return [
      {
        id: 'cover-squares', type: 'fill', source: SOURCE,
        paint: { 'fill-color': colour('--warn'), 'fill-opacity': ['get', 'lacking'], 'fill-outline-color': colour('--map-ground') },
      },
      {
        id: 'cover-shares', type: 'symbol', source: SOURCE, minzoom: WRITTEN_FROM,
        layout: { 'text-field': ['get', 'words'], 'text-font': FONT, 'text-size': 11 * scale, 'text-padding': 1 },
        paint: { 'text-color': colour('--text'), 'text-halo-color': colour('--map-ground'), 'text-halo-width': 1.5 },
      },
    ];
  },
  show() {},
};

/** Fills in the squares. */
export function fillCover(map: MapLibreMap, found: Cover) {
  const cells = found.known?.cells ?? [];
  const lacking = cells.map((cell) => cell.calls_per_h * (1 - cell.covered_percent / 100));
  const most = Math.max(...lacking, 1e-9);
  const collection: FeatureCollection = {
    type: 'FeatureCollection',
    features: cells.map((cell, index) => ({
      type: 'Feature',
      properties: { lacking: Math.min(0.6, 0.03 + (0.57 * lacking[index]!) / most), words: cell.covered_percent < WRITTEN_BELOW ? `${Math.round(cell.covered_percent)}%` : '' },
      geometry: {
        type: 'Polygon',
        coordinates: [[[cell.west, cell.south], [cell.east, cell.south], [cell.east, cell.north], [cell.west, cell.north], [cell.west, cell.south]]],
      },
    })),
  };
  map.getSource<GeoJSONSource>(SOURCE)?.setData(collection);
}
