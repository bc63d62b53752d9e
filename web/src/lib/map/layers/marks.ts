// Numbered places, such as those that a search found, and the one place that was picked.

import { FONT, fill, type Layer } from './layer';

const SOURCE = 'marks';
/** The id of the marks that can be clicked. */
export const MARKS = 'marks-numbers';

/** Marks above everything. */
export const marks: Layer = {
  clickable: [MARKS],
  sources: [SOURCE],
  styles({ colour, scale }) {
    return [
      {
        id: 'marks-ground', type: 'circle', source: SOURCE, filter: ['!', ['get', 'picked']],
        paint: {
          'circle-radius': 11 * scale, 'circle-color': colour('--accent-ground'),
          'circle-stroke-color': colour('--accent'), 'circle-stroke-width': 2,
        },
      },
      {
        id: MARKS, type: 'symbol', source: SOURCE, filter: ['!', ['get', 'picked']],
        layout: {
          'text-field': ['get', 'label'], 'text-font': FONT, 'text-size': 13 * scale, 'text-allow-overlap': true, 'text-ignore-placement': true,
        },
        paint: { 'text-color': colour('--accent-text') },
      },
      {
        id: 'marks-texts', type: 'symbol', source: SOURCE,
        layout: {
          'text-field': ['get', 'text'], 'text-font': FONT, 'text-size': 12.5 * scale, 'text-anchor': 'left', 'text-offset': [1.2, 0],
          'text-max-width': 14, 'text-justify': 'left',
        },
        paint: { 'text-color': colour('--text'), 'text-halo-color': colour('--map-ground'), 'text-halo-width': 2 },
      },
      {
        id: 'marks-picked', type: 'symbol', source: SOURCE, filter: ['get', 'picked'],
        layout: { 'icon-image': 'pin', 'icon-size': scale, 'icon-anchor': 'bottom', 'icon-allow-overlap': true, 'icon-ignore-placement': true },
      },
    ];
  },
  show(map, scene) {
    const numbered = scene.marks.map(({ lat, lon, text }, index) => ({
      type: 'Feature' as const,
      geometry: { type: 'Point' as const, coordinates: [lon, lat] },
      properties: { index, label: String(index + 1), text, picked: false },
    }));
    const picked = scene.picked && {
      type: 'Feature' as const,
      geometry: { type: 'Point' as const, coordinates: [scene.picked.lon, scene.picked.lat] },
      properties: { index: -1, label: '', text: '', picked: true },
    };
    fill(map, SOURCE, picked ? [...numbered, picked] : numbered);
  },
};
