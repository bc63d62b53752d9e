// Open incidents: shape and number tell the urgency, a ring the one that is selected, an exclamation
// the ones nobody has been sent to.

import { FONT, fill, nothing, type Layer } from './layer';

const SOURCE = 'incidents';
const MARKS = 'incidents';

/** Incidents above everything. */
export const incidents: Layer = {
  clickable: { layer: MARKS, kind: 'incident' },
  add(map, colour) {
    map.addSource(SOURCE, { type: 'geojson', data: nothing() });
    map.addLayer({
      id: 'incidents-selected',
      type: 'circle',
      source: SOURCE,
      filter: ['get', 'selected'],
      paint: { 'circle-radius': 22, 'circle-color': 'transparent', 'circle-stroke-color': colour('--text'), 'circle-stroke-width': 2.5 },
    });
    map.addLayer({
      id: MARKS,
      type: 'symbol',
      source: SOURCE,
      layout: {
        'icon-image': ['concat', 'priority-', ['to-string', ['get', 'priority']]],
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
        // A lower key is drawn first; the most urgent must end up on top.
        'symbol-sort-key': ['-', 0, ['get', 'priority']],
        'text-field': ['get', 'label'],
        'text-font': FONT,
        'text-size': 14,
        'text-anchor': 'left',
        'text-offset': [1.1, -0.4],
        'text-optional': true,
      },
      paint: { 'text-color': colour('--warn'), 'text-halo-color': colour('--map-ground'), 'text-halo-width': 2 },
    });
  },
  show(map, scene) {
    fill(map, SOURCE, scene.incidents.map((incident) => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [incident.place.lon, incident.place.lat] },
      properties: {
        id: incident.id,
        priority: incident.priority,
        label: incident.status === 'active' ? '!' : '',
        selected: incident.id === scene.selected_incident?.id,
      },
    })));
  },
};
