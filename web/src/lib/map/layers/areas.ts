// Which ground each station reaches first by road, as the node works it out. It is filled when it is
// switched on, and does not change with the scene.

import type { FeatureCollection } from 'geojson';
import type { GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl';
import { FONT, type Layer } from './layer';

const SOURCE = 'areas';

/** Station areas above the roads, below everything that moves. */
export const areas: Layer = {
  switch: 'areas',
  sources: [SOURCE],
  styles({ colour, scale }) {
    return [
      {
        id: 'areas-edge-ground', type: 'line', source: SOURCE,
        paint: { 'line-color': colour('--map-ground'), 'line-width': 5 * scale, 'line-opacity': 0.7 },
      },
      {
        id: 'areas-edge', type: 'line', source: SOURCE,
        paint: { 'line-color': colour('--map-station'), 'line-width': 1.8 * scale, 'line-dasharray': [4, 2] },
      },
      {
        id: 'areas-names', type: 'symbol', source: SOURCE,
        layout: {
          'text-field': ['get', 'code'], 'text-font': FONT, 'text-size': 20 * scale, 'text-padding': 10,
        },
        paint: {
          'text-color': colour('--map-station'), 'text-opacity': 0.75, 'text-halo-color': colour('--map-ground'), 'text-halo-width': 2,
        },
      },
    ];
  },
  show() {},
};

/** Fills in the areas once they have arrived. */
export function fillAreas(map: MapLibreMap, collection: FeatureCollection) {
  map.getSource<GeoJSONSource>(SOURCE)?.setData(collection);
}
