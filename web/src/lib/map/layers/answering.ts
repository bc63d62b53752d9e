// Thin dashed lines from the selected incident to the units assigned to it: who belongs to it, not
// the way they will drive.

import { fill, type Layer } from './layer';

const SOURCE = 'answering';

/** Lines below the marks they join. */
export const answering: Layer = {
  sources: [SOURCE],
  styles({ colour, scale }) {
    return [{
      id: 'answering',
      type: 'line',
      source: SOURCE,
      paint: { 'line-color': colour('--text-soft'), 'line-width': 1.5 * scale, 'line-dasharray': [2, 3], 'line-opacity': 0.8 },
    }];
  },
  show(map, scene) {
    const place = scene.selected_incident?.place;
    fill(map, SOURCE, place === undefined ? [] : scene.answering.map(({ at }) => ({
      type: 'Feature',
      geometry: { type: 'LineString', coordinates: [[at.lon, at.lat], [place.lon, place.lat]] },
      properties: {},
    })));
  },
};
