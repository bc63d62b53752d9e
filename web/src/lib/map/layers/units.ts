// Units: the shape tells the status, the arrow or tick the heading, the text the call sign, and the
// age of the position as soon as it is old, when the mark fades too. Units standing at a station appear
// when the map is near; farther out the station's own number stands for them. Many on a small spot are
// one mark: how many there are, and how many of them are free.

import type { Feature, Point as PointGeometry } from 'geojson';
import type { ExpressionSpecification, SymbolLayerSpecification } from 'maplibre-gl';
import type { Crowd } from '../crowd';
import { FONT, fill, type Brush, type Layer, type PlacedUnit, type Scene } from './layer';
import { slots } from './place';

const SOURCE = 'units';
/** The ids of the marks that can be clicked. */
export const UNITS = 'units-at-work';
export const UNITS_STANDING = 'units-standing';
export const UNIT_CROWDS = 'units-crowds';
/** Zoom from which units standing at a station are drawn one by one. */
const NEAR_ZOOM = 13;
/** How far apart marks on the same spot are drawn, in px. */
const SLOT_PX = 27;
const TEXT_PX = 11.5;
/** How far below a mark its text begins, in letters. */
const TEXT_DOWN = 0.75;
/** A position this many times older than old is hardly worth more than a guess. */
const VERY_OLD = 5;

const symbol = (id: string, { colour, scale }: Brush, filter: ExpressionSpecification): SymbolLayerSpecification => ({
  id,
  type: 'symbol',
  source: SOURCE,
  filter,
  layout: {
    'icon-image': ['get', 'image'],
    'icon-size': scale,
    'icon-rotate': ['get', 'rotate'],
    'icon-rotation-alignment': 'map',
    'icon-offset': ['array', 'number', 2, ['get', 'offset']],
    'icon-allow-overlap': true,
    'icon-ignore-placement': true,
    'symbol-sort-key': ['get', 'order'],
    'text-field': ['get', 'label'],
    'text-font': FONT,
    'text-size': TEXT_PX * scale,
    'text-anchor': 'top',
    'text-offset': ['array', 'number', 2, ['get', 'text_offset']],
    'text-optional': true,
    'text-padding': 1,
  },
  paint: {
    'text-color': ['case', ['>', ['get', 'old'], 0], colour('--warn'), colour('--text')],
    'text-halo-color': colour('--map-ground'),
    'text-halo-width': 1.6,
    'icon-opacity': ['match', ['get', 'old'], 0, 1, 1, 0.6, 0.35],
  },
});

/** Units below incidents. */
export const units: Layer = {
  switch: 'units',
  clickable: [UNITS, UNITS_STANDING, UNIT_CROWDS],
  sources: [SOURCE],
  styles(brush) {
    const { colour, scale } = brush;
    const alone: ExpressionSpecification = ['!', ['get', 'crowd']];
    return [
      // The ring has the ground's colour on both sides, so that it is seen on water and roads alike.
      {
        id: 'units-selected-ground', type: 'circle', source: SOURCE, filter: ['get', 'selected'],
        paint: { 'circle-radius': 15 * scale, 'circle-color': 'transparent', 'circle-stroke-color': colour('--map-ground'), 'circle-stroke-width': 7 },
      },
      {
        id: 'units-selected', type: 'circle', source: SOURCE, filter: ['get', 'selected'],
        paint: { 'circle-radius': 16.5 * scale, 'circle-color': 'transparent', 'circle-stroke-color': colour('--text'), 'circle-stroke-width': 3.5 },
      },
      {
        id: 'units-heading', type: 'symbol', source: SOURCE, filter: ['all', alone, ['!', ['get', 'standing']], ['get', 'tick']],
        layout: {
          'icon-image': 'heading',
          'icon-size': scale,
          'icon-rotate': ['get', 'heading'],
          'icon-rotation-alignment': 'map',
          'icon-allow-overlap': true,
          'icon-ignore-placement': true,
        },
      },
      { ...symbol(UNITS_STANDING, brush, ['all', alone, ['get', 'standing']]), minzoom: NEAR_ZOOM },
      symbol(UNITS, brush, ['all', alone, ['any', ['!', ['get', 'standing']], ['get', 'selected']]]),
      {
        id: 'units-crowds-ground', type: 'circle', source: SOURCE, filter: ['get', 'crowd'],
        paint: {
          'circle-radius': ['interpolate', ['linear'], ['get', 'count'], 5, 15 * scale, 200, 21 * scale],
          'circle-color': colour('--panel'), 'circle-stroke-color': colour('--line-strong'), 'circle-stroke-width': 1.5,
        },
      },
      {
        id: UNIT_CROWDS, type: 'symbol', source: SOURCE, filter: ['get', 'crowd'],
        layout: {
          'text-field': ['get', 'label'], 'text-font': FONT, 'text-size': 11.5 * scale, 'text-line-height': 1.05,
          'text-allow-overlap': true, 'text-ignore-placement': true,
        },
        paint: { 'text-color': colour('--text') },
      },
    ];
  },
  show(map, scene) {
    // An incident takes the first slot of its spot, so that the units standing at it lie beside it.
    const places = scene.incidents.map((incident) => incident.place);
    const spot = slots([...places, ...scene.units.map(({ at }) => at)]).slice(places.length);
    const alone = scene.units.map((placed, index) => unitFeature(placed, spot[index] ?? 0, scene));
    fill(map, SOURCE, [...alone, ...scene.unit_crowds.map(crowdFeature)]);
  },
};

function unitFeature({ unit, position, at, age_ms, standing }: PlacedUnit, slot: number, scene: Scene): Feature<PointGeometry> {
  const at_rest = unit.status === 'available' || unit.status === 'off_duty' || unit.status === 'out_of_service';
  const arrow = unit.status === 'en_route';
  const heading = position.heading_deg;
  const selected = unit.id === scene.selected_unit;
  // Nobody waits for the position of a crew that has gone home.
  const old = unit.status === 'off_duty' || age_ms <= scene.old_ms ? 0 : age_ms <= scene.old_ms * VERY_OLD ? 1 : 2;
  // An offset turns with its icon, so a turned arrow stays where it is; the selected one stays in its ring.
  const aside_px = arrow || selected ? 0 : slot * SLOT_PX;
  const written = scene.named || selected;
  return {
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [at.lon, at.lat] },
    properties: {
      id: unit.id,
      crowd: false,
      image: arrow && heading === null ? 'unit-en_route-unknown' : `unit-${unit.status}`,
      rotate: arrow ? (heading ?? 0) : 0,
      heading: heading ?? 0,
      tick: heading !== null && aside_px === 0 && (unit.status === 'available' || unit.status === 'assigned'),
      offset: [aside_px, 0],
      text_offset: [aside_px / TEXT_PX, TEXT_DOWN],
      label: !written ? '' : old > 0 ? `${unit.callsign}\n${scene.ageText(age_ms)}` : unit.callsign,
      order: selected ? 2 : at_rest ? 1 : 0,
      old,
      standing,
      selected,
    },
  };
}

function crowdFeature({ lat, lon, members }: Crowd<PlacedUnit>, index: number): Feature<PointGeometry> {
  const free = members.filter(({ unit }) => unit.status === 'available').length;
  return {
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [lon, lat] },
    properties: { index, crowd: true, count: members.length, label: `${members.length}\n○${free}`, selected: false, standing: false },
  };
}
