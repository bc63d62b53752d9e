// Open incidents: shape and number tell the urgency; a badge how far it has come, with the marks that
// units have in that state, or an exclamation where nobody has been sent; a ring the selected one. Many
// on a small spot are one mark: the most urgent of them, and how many there are.

import type { Feature, Point as PointGeometry } from 'geojson';
import type { Incident, Priority } from '../../api/types';
import type { Crowd } from '../crowd';
import { FONT, fill, type Layer } from './layer';
import { slots } from './place';

const SOURCE = 'incidents';
/** The ids of the marks that can be clicked. */
export const INCIDENTS = 'incidents';
export const INCIDENT_CROWDS = 'incidents-crowds';
/** How far apart incidents on the same spot are drawn, in px. */
const SLOT_PX = 30;

const mark = (priority: Priority, status: Incident['status']) =>
  `priority-${priority}-${status === 'assigned' || status === 'en_route' || status === 'on_scene' || status === 'active' ? status : 'ended'}`;

/** Incidents above units. */
export const incidents: Layer = {
  switch: 'incidents',
  clickable: [INCIDENTS, INCIDENT_CROWDS],
  sources: [SOURCE],
  styles({ colour, scale }) {
    return [
      // The ring has the ground's colour on both sides, so that it is seen on water, roads and marks alike.
      {
        id: 'incidents-selected-ground', type: 'circle', source: SOURCE, filter: ['get', 'selected'],
        paint: { 'circle-radius': 22 * scale, 'circle-color': 'transparent', 'circle-stroke-color': colour('--map-ground'), 'circle-stroke-width': 7, 'circle-translate': [0, 0] },
      },
      {
        id: 'incidents-selected', type: 'circle', source: SOURCE, filter: ['get', 'selected'],
        paint: { 'circle-radius': 23.5 * scale, 'circle-color': 'transparent', 'circle-stroke-color': colour('--text'), 'circle-stroke-width': 3.5 },
      },
      {
        id: INCIDENTS, type: 'symbol', source: SOURCE, filter: ['!', ['get', 'crowd']],
        layout: {
          'icon-image': ['get', 'image'],
          'icon-size': scale,
          'icon-offset': ['array', 'number', 2, ['get', 'offset']],
          'icon-allow-overlap': true,
          'icon-ignore-placement': true,
          // A lower key is drawn first; the most urgent must end up on top.
          'symbol-sort-key': ['-', 0, ['get', 'priority']],
        },
      },
      {
        id: INCIDENT_CROWDS, type: 'symbol', source: SOURCE, filter: ['get', 'crowd'],
        layout: {
          'icon-image': ['get', 'image'],
          'icon-size': 1.15 * scale,
          'icon-allow-overlap': true,
          'icon-ignore-placement': true,
          'symbol-sort-key': ['-', 0, ['get', 'priority']],
          'text-field': ['get', 'label'],
          'text-font': FONT,
          'text-size': 15 * scale,
          'text-anchor': 'left',
          'text-offset': [1.15, 0.1],
          'text-allow-overlap': true,
          'text-ignore-placement': true,
        },
        paint: { 'text-color': colour('--text'), 'text-halo-color': colour('--map-ground'), 'text-halo-width': 2.5 },
      },
    ];
  },
  show(map, scene) {
    const spot = slots(scene.incidents.map((incident) => incident.place));
    const alone = scene.incidents.map((incident, index): Feature<PointGeometry> => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [incident.place.lon, incident.place.lat] },
      properties: {
        id: incident.id,
        crowd: false,
        priority: incident.priority,
        image: mark(incident.priority, incident.status),
        offset: [(spot[index] ?? 0) * SLOT_PX, 0],
        selected: incident.id === scene.selected_incident?.id,
      },
    }));
    fill(map, SOURCE, [...alone, ...scene.incident_crowds.map(crowdFeature)]);
  },
};

function crowdFeature({ lat, lon, members }: Crowd<Incident>, index: number): Feature<PointGeometry> {
  const worst = members.reduce((a, b) => (b.priority < a.priority || (b.priority === a.priority && b.status === 'active') ? b : a));
  // The badge is that of the most neglected: if nobody was sent to one of them, the crowd says so.
  const status = members.some((each) => each.status === 'active') ? 'active' : worst.status;
  return {
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [lon, lat] },
    properties: {
      index, crowd: true, priority: worst.priority, image: mark(worst.priority, status), label: `×${members.length}`, selected: false,
    },
  };
}
