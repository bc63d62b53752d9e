// Units: the shape tells the status, the arrow or tick the heading, the text the call sign, and the
// age of the position as soon as it is old. Units standing at a station appear when the map is near;
// farther out the station's own number stands for them.

import type { ExpressionSpecification, LayerSpecification, SymbolLayerSpecification } from 'maplibre-gl';
import { FONT, fill, nothing, type Layer } from './layer';
import { slots, standsAt } from './place';

const SOURCE = 'units';
const AT_WORK = 'units-at-work';
/** Zoom from which units standing at a station are drawn one by one. */
const NEAR_ZOOM = 13;
/** How far apart marks on the same spot are drawn, in px. */
const SLOT_PX = 27;
const TEXT_PX = 11.5;
/** How far below a mark its text begins, in letters. */
const TEXT_DOWN = 0.75;

const symbol = (id: string, colour: (name: string) => string, filter: ExpressionSpecification): SymbolLayerSpecification => ({
  id,
  type: 'symbol',
  source: SOURCE,
  filter,
  layout: {
    'icon-image': ['get', 'image'],
    'icon-rotate': ['get', 'rotate'],
    'icon-rotation-alignment': 'map',
    'icon-offset': ['array', 'number', 2, ['get', 'offset']],
    'icon-allow-overlap': true,
    'icon-ignore-placement': true,
    'symbol-sort-key': ['get', 'order'],
    'text-field': ['get', 'label'],
    'text-font': FONT,
    'text-size': TEXT_PX,
    'text-anchor': 'top',
    'text-offset': ['array', 'number', 2, ['get', 'text_offset']],
    'text-optional': true,
    'text-padding': 1,
  },
  paint: {
    'text-color': ['case', ['get', 'old'], colour('--warn'), colour('--text')],
    'text-halo-color': colour('--map-ground'),
    'text-halo-width': 1.6,
    'icon-opacity': ['case', ['get', 'old'], 0.55, 1],
  },
});

/** Units below incidents. */
export const units: Layer = {
  clickable: { layer: AT_WORK, kind: 'unit' },
  add(map, colour) {
    map.addSource(SOURCE, { type: 'geojson', data: nothing() });
    const ring: LayerSpecification = {
      id: 'units-selected',
      type: 'circle',
      source: SOURCE,
      filter: ['get', 'selected'],
      paint: { 'circle-radius': 16, 'circle-color': 'transparent', 'circle-stroke-color': colour('--text'), 'circle-stroke-width': 2 },
    };
    map.addLayer(ring);
    map.addLayer({
      ...symbol('units-heading', colour, ['all', ['!', ['get', 'standing']], ['get', 'tick']]),
      layout: {
        'icon-image': 'heading',
        'icon-rotate': ['get', 'heading'],
        'icon-rotation-alignment': 'map',
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
      },
      paint: {},
    });
    map.addLayer({ ...symbol('units-standing', colour, ['get', 'standing']), minzoom: NEAR_ZOOM });
    map.addLayer(symbol(AT_WORK, colour, ['any', ['!', ['get', 'standing']], ['get', 'selected']]));
  },
  show(map, scene) {
    const home = new Map(scene.stations.map((station) => [station.id, station.place]));
    // An incident takes the first slot of its spot, so that the units standing at it lie beside it.
    const places = scene.incidents.map((incident) => incident.place);
    const spot = slots([...places, ...scene.units.map(({ position }) => position)]).slice(places.length);
    fill(map, SOURCE, scene.units.map(({ unit, position, age_ms }, index) => {
      const place = unit.station === null ? undefined : home.get(unit.station);
      const at_rest = unit.status === 'available' || unit.status === 'off_duty' || unit.status === 'out_of_service';
      const arrow = unit.status === 'en_route';
      const heading = position.heading_deg;
      // Nobody waits for the position of a crew that has gone home.
      const old = age_ms > scene.old_ms && unit.status !== 'off_duty';
      // An offset turns with its icon, so a turned arrow stays where it is.
      const aside_px = arrow ? 0 : (spot[index] ?? 0) * SLOT_PX;
      return {
        type: 'Feature',
        geometry: { type: 'Point', coordinates: [position.lon, position.lat] },
        properties: {
          id: unit.id,
          image: arrow && heading === null ? 'unit-en_route-unknown' : `unit-${unit.status}`,
          rotate: arrow ? (heading ?? 0) : 0,
          heading: heading ?? 0,
          tick: heading !== null && (unit.status === 'available' || unit.status === 'assigned'),
          offset: [aside_px, 0],
          text_offset: [aside_px / TEXT_PX, TEXT_DOWN],
          label: old ? `${unit.callsign}\n${scene.ageText(age_ms)}` : unit.callsign,
          order: at_rest ? 1 : 0,
          old,
          standing: at_rest && place !== undefined && standsAt(position, place),
          selected: unit.id === scene.selected_unit,
        },
      };
    }));
  },
};
