// Road conditions: where they are, hatched and with a sign, and the roads that they meet. A closed road is a
// broken line of long dashes with a bar in a ring, a slowed one of dots with a triangle, so that neither
// needs its colour. And the shape that is being drawn, with its points.

import type { Feature, Position } from 'geojson';
import type { RoadCondition } from '../../api/types';
import { FONT, fill, type Layer, type Scene } from './layer';

const SHAPES = 'conditions';
const MET = 'conditions-met';
const DRAFT = 'conditions-draft';

/** Metres in a degree of latitude. */
const METRES_PER_DEGREE = 111_194.93;
/** Corners of a circle. */
const CORNERS = 48;

/** Road conditions above the roads, below everything that moves. */
export const conditions: Layer = {
  sources: [SHAPES, MET, DRAFT],
  styles({ colour, scale }) {
    const [closed, slowed, ground] = [colour('--bad'), colour('--warn'), colour('--map-ground')];
    const is = (kind: string): ['==', ['get', string], string] => ['==', ['get', 'kind'], kind];
    return [
      { id: 'conditions-hatch', type: 'fill', source: SHAPES, filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-pattern': ['get', 'hatch'] } },
      {
        id: 'conditions-edge-ground', type: 'line', source: SHAPES, filter: ['!=', ['geometry-type'], 'Point'],
        paint: { 'line-color': ground, 'line-width': 4 * scale, 'line-opacity': 0.8 },
      },
      {
        id: 'conditions-edge', type: 'line', source: SHAPES, filter: ['!=', ['geometry-type'], 'Point'],
        paint: { 'line-color': ['case', ['get', 'planned'], colour('--text-soft'), is('closed'), closed, slowed], 'line-width': 1.6 * scale, 'line-dasharray': [5, 2] },
      },
      {
        id: 'conditions-met-ground', type: 'line', source: MET, layout: { 'line-cap': 'butt' },
        paint: { 'line-color': ground, 'line-width': 8 * scale },
      },
      {
        id: 'conditions-met-closed', type: 'line', source: MET, filter: is('closed'),
        paint: { 'line-color': closed, 'line-width': 5 * scale, 'line-dasharray': [1.6, 0.7] },
      },
      {
        id: 'conditions-met-slowed', type: 'line', source: MET, filter: is('slowed'),
        paint: { 'line-color': slowed, 'line-width': 4.5 * scale, 'line-dasharray': [0.5, 0.9] },
      },
      {
        id: 'conditions-signs', type: 'symbol', source: SHAPES, filter: ['==', ['geometry-type'], 'Point'],
        layout: {
          'icon-image': ['get', 'sign'], 'icon-size': scale, 'icon-allow-overlap': true, 'icon-ignore-placement': true,
          'text-field': ['get', 'label'], 'text-font': FONT, 'text-size': 11.5 * scale, 'text-anchor': 'left', 'text-offset': [1.1, 0],
          'text-max-width': 12, 'text-justify': 'left', 'text-optional': true,
        },
        paint: {
          'icon-opacity': ['case', ['get', 'planned'], 0.55, 1], 'text-color': colour('--text'), 'text-halo-color': ground, 'text-halo-width': 2,
        },
      },
      {
        id: 'conditions-draft-fill', type: 'fill', source: DRAFT, filter: ['==', ['geometry-type'], 'Polygon'],
        paint: { 'fill-color': colour('--accent'), 'fill-opacity': 0.18 },
      },
      {
        id: 'conditions-draft-line', type: 'line', source: DRAFT, filter: ['!=', ['geometry-type'], 'Point'],
        paint: { 'line-color': colour('--accent'), 'line-width': 3 * scale, 'line-dasharray': [2, 1] },
      },
      {
        id: 'conditions-draft-points', type: 'circle', source: DRAFT, filter: ['==', ['geometry-type'], 'Point'],
        paint: { 'circle-radius': 5 * scale, 'circle-color': colour('--accent'), 'circle-stroke-color': ground, 'circle-stroke-width': 2 },
      },
    ];
  },
  show(map, scene) {
    fill(map, SHAPES, scene.conditions.flatMap((condition) => shown(condition, scene.conditionText(condition))));
    const met = scene.met?.features ?? [];
    fill(map, MET, met.map(({ geometry, properties }): Feature => ({
      type: 'Feature', geometry: { type: 'MultiLineString', coordinates: geometry.coordinates }, properties: { kind: properties.closed ? 'closed' : 'slowed' },
    })));
    fill(map, DRAFT, draft(scene));
  },
};

function shown(condition: RoadCondition, label: string): Feature[] {
  const kind = condition.effect.is;
  const { shape } = condition;
  // What is only planned is hatched thinly and in grey.
  const planned = condition.phase === 'planned';
  const hatch = planned ? 'hatch-planned' : `hatch-${kind}`;
  const properties = { kind, hatch, planned, sign: `road-${kind}`, label };
  const sign = (at: Position): Feature => ({ type: 'Feature', geometry: { type: 'Point', coordinates: at }, properties });
  switch (shape.is) {
    case 'line':
      return [{ type: 'Feature', geometry: { type: 'LineString', coordinates: shape.points }, properties }, sign(halfway(shape.points))];
    case 'area':
      return [{ type: 'Feature', geometry: { type: 'Polygon', coordinates: [ring(shape.points)] }, properties }, sign(middle(shape.points))];
    case 'circle':
      return [
        { type: 'Feature', geometry: { type: 'Polygon', coordinates: [circle(shape.centre, shape.radius_m)] }, properties },
        sign(shape.centre),
      ];
  }
}

function draft({ draft }: Scene): Feature[] {
  if (draft === null) return [];
  const points: Position[] = draft.points.map(({ lat, lon }) => [lon, lat]);
  const dots = points.map((point): Feature => ({ type: 'Feature', geometry: { type: 'Point', coordinates: point }, properties: {} }));
  const [first] = points;
  if (draft.kind === 'circle' && first) {
    return [{ type: 'Feature', geometry: { type: 'Polygon', coordinates: [circle(first, draft.radius_m)] }, properties: {} }, ...dots];
  }
  if (draft.kind === 'area' && points.length >= 3) {
    return [{ type: 'Feature', geometry: { type: 'Polygon', coordinates: [ring(points)] }, properties: {} }, ...dots];
  }
  return points.length < 2 ? dots : [{ type: 'Feature', geometry: { type: 'LineString', coordinates: points }, properties: {} }, ...dots];
}

const ring = (points: readonly Position[]): Position[] => [...points, points[0] ?? [0, 0]];

function circle([lon = 0, lat = 0]: Position, radius_m: number): Position[] {
  const north = radius_m / METRES_PER_DEGREE;
  const east = north / Math.max(0.01, Math.cos((lat * Math.PI) / 180));
  return Array.from({ length: CORNERS + 1 }, (_, at) => {
    const turn = (at / CORNERS) * 2 * Math.PI;
    return [lon + east * Math.cos(turn), lat + north * Math.sin(turn)];
  });
}

function middle(points: readonly Position[]): Position {
  const sum = points.reduce<[number, number]>(([lon, lat], point) => [lon + (point[0] ?? 0), lat + (point[1] ?? 0)], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}

/** Returns the place halfway along a line. */
function halfway(points: readonly Position[]): Position {
  const lengths = points.slice(1).map((point, at) => Math.hypot((point[0] ?? 0) - (points[at]?.[0] ?? 0), (point[1] ?? 0) - (points[at]?.[1] ?? 0)));
  let rest = lengths.reduce((sum, length) => sum + length, 0) / 2;
  for (const [at, length] of lengths.entries()) {
    const [from, to] = [points[at] ?? [0, 0], points[at + 1] ?? [0, 0]];
    if (length > 0 && rest <= length) {
      const share = rest / length;
      return [(from[0] ?? 0) + share * ((to[0] ?? 0) - (from[0] ?? 0)), (from[1] ?? 0) + share * ((to[1] ?? 0) - (from[1] ?? 0))];
    }
    rest -= length;
  }
  return points[0] ?? [0, 0];
}
