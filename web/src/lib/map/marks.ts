// Paints the marks of `shapes.ts` as images for the map, so that a unit or an incident looks the same
// in a list and on the map. It knows canvases and colours, and nothing of what is shown where.

import type { Map as MapLibreMap } from 'maplibre-gl';
import { priorities, priorityPath, unitPath, unitStatuses } from '../shapes';

/** Pixels of the image for one pixel of the screen. */
const PIXEL_RATIO = 3;
const INCIDENT_PX = 27;
/** Room around an incident's mark for its badge, as a share of the mark. */
const INCIDENT_MARGIN = 0.16;
const BADGE_PX = 13;
/** The ring around what is selected. */
const RING_PX = 48;
const UNIT_PX = 15;
const STATION_PX = 11;
const PIN_PX = 34;

const STATION = 'M3 22V10L12 3l9 7v12z';
const TICK = 'M12 -9l5 8h-10z';
const CIRCLE = 'M12 2a10 10 0 1 1 0 20a10 10 0 1 1 0-20z';
const PIN = 'M12 23.500C7 16 4 13 4 9a8 8 0 1 1 16 0c0 4-3 7-8 14.500zM12 5.500a3.500 3.500 0 1 0 0 7a3.500 3.500 0 1 0 0-7z';

/** A ring with a bar: closed to all. */
const CLOSED = 'M12 1a11 11 0 1 1 0 22a11 11 0 1 1 0-22zM5 10v4h14v-4z';
/** A triangle with a stroke and a dot: slow. */
const SLOWED = 'M12 2L23 21H1zM11 9v6h2v-6zM11 16.500v2.200h2v-2.200z';
const SIGN_PX = 21;
/** The side of one piece of hatching, in px; the piece must fit to itself on every side. */
const HATCH_PX = 12;

interface Mark { path: string; fill: string; edge: string; edge_width: number; text?: string; hollow?: boolean; hollow_width?: number }

function paint(size_px: number, mark: Mark, margin: number): ImageData {
  const whole_px = size_px * (1 + 2 * margin);
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = Math.ceil(whole_px * PIXEL_RATIO);
  const context = canvas.getContext('2d');
  if (!context) return new ImageData(1, 1);
  const scale = (size_px * PIXEL_RATIO) / 24;
  context.setTransform(scale, 0, 0, scale, size_px * margin * PIXEL_RATIO, size_px * margin * PIXEL_RATIO);
  const path = new Path2D(mark.path);
  context.lineJoin = 'round';
  context.lineWidth = mark.edge_width;
  context.strokeStyle = mark.edge;
  context.stroke(path);
  if (mark.hollow) {
    context.lineWidth = mark.hollow_width ?? 3;
    context.strokeStyle = mark.fill;
    context.stroke(path);
  } else {
    context.fillStyle = mark.fill;
    context.fill(path, 'evenodd');
  }
  if (mark.text) {
    context.fillStyle = mark.edge;
    context.font = '800 14px "Noto Sans SC Variable", sans-serif';
    context.textAlign = 'center';
    context.fillText(mark.text, 12, 17);
  }
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** Paints a piece of hatching: strokes for what is closed, dots for what is slow, thin strokes for what is only planned. */
function hatch(kind: 'closed' | 'slowed' | 'planned', colour: string): ImageData {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = HATCH_PX * PIXEL_RATIO;
  const context = canvas.getContext('2d');
  if (!context) return new ImageData(1, 1);
  context.scale(PIXEL_RATIO, PIXEL_RATIO);
  context.globalAlpha = kind === 'planned' ? 0.35 : 0.75;
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = kind === 'closed' ? 2.2 : 1;
  if (kind === 'slowed') {
    for (const [x, y] of [[3, 3], [9, 9]] as const) {
      context.beginPath();
      context.arc(x, y, 1.6, 0, 2 * Math.PI);
      context.fill();
    }
  } else {
    for (const from of [-HATCH_PX, 0, HATCH_PX]) {
      context.beginPath();
      context.moveTo(from - 2, HATCH_PX + 2);
      context.lineTo(from + HATCH_PX + 2, -2);
      context.stroke();
    }
  }
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** Paints the badge that tells how far an incident has come over the upper right of its mark. */
function badge(below: ImageData, mark: Mark): ImageData {
  const canvas = document.createElement('canvas');
  canvas.width = below.width;
  canvas.height = below.height;
  const context = canvas.getContext('2d');
  if (!context) return below;
  context.putImageData(below, 0, 0);
  const scale = (BADGE_PX * PIXEL_RATIO) / 24;
  const edge = (mark.edge_width / 2) * scale;
  context.setTransform(scale, 0, 0, scale, below.width - 24 * scale - edge, edge);
  const path = new Path2D(mark.path);
  context.lineJoin = 'round';
  context.lineWidth = mark.edge_width;
  context.strokeStyle = mark.edge;
  context.stroke(path);
  context.fillStyle = mark.fill;
  context.fill(path, 'evenodd');
  if (mark.text) {
    context.fillStyle = mark.edge;
    context.font = '900 20px "Noto Sans SC Variable", sans-serif';
    context.textAlign = 'center';
    context.fillText(mark.text, 12, 19);
  }
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** Puts every mark on a map under the names the layers use; those that are there are painted over. */
export function addMarks(map: MapLibreMap, colour: (name: string) => string) {
  const edge = colour('--map-ground');
  const add = (name: string, image: ImageData) =>
    map.hasImage(name) ? map.updateImage(name, image) : map.addImage(name, image, { pixelRatio: PIXEL_RATIO });
  for (const priority of priorities) {
    const mark = { path: priorityPath[priority], fill: colour(`--priority-${priority}`), edge, edge_width: 3, text: String(priority) };
    const plain = paint(INCIDENT_PX, mark, INCIDENT_MARGIN);
    add(`priority-${priority}-ended`, plain);
    add(`priority-${priority}-active`, badge(plain, { path: CIRCLE, fill: colour('--warn'), edge, edge_width: 5, text: '!' }));
    for (const status of ['assigned', 'en_route', 'on_scene'] as const) {
      add(`priority-${priority}-${status}`, badge(plain, { path: unitPath[status], fill: colour(`--unit-${status}`), edge, edge_width: 7 }));
    }
  }
  for (const status of unitStatuses) {
    const mark = { path: unitPath[status], fill: colour(`--unit-${status}`), edge, edge_width: 5 };
    add(`unit-${status}`, paint(UNIT_PX, mark, 0.15));
    if (status === 'en_route') add('unit-en_route-unknown', paint(UNIT_PX, { ...mark, hollow: true }, 0.15));
  }
  add('heading', paint(UNIT_PX, { path: TICK, fill: colour('--text-soft'), edge, edge_width: 3 }, 0.5));
  // The ground's colour lies on both sides of the ring, so that it is seen on water, roads and marks alike.
  add('ring', paint(RING_PX, { path: CIRCLE, fill: colour('--text'), edge, edge_width: 3.5, hollow: true, hollow_width: 1.7 }, 0.05));
  add('pin', paint(PIN_PX, { path: PIN, fill: colour('--accent'), edge, edge_width: 2.5 }, 0.08));
  add('road-closed', paint(SIGN_PX, { path: CLOSED, fill: colour('--bad'), edge, edge_width: 3 }, 0.12));
  add('road-slowed', paint(SIGN_PX, { path: SLOWED, fill: colour('--warn'), edge, edge_width: 3 }, 0.12));
  add('hatch-closed', hatch('closed', colour('--bad')));
  add('hatch-slowed', hatch('slowed', colour('--warn')));
  add('hatch-planned', hatch('planned', colour('--text-soft')));
  add('station', paint(STATION_PX, { path: STATION, fill: colour('--map-station'), edge, edge_width: 3 }, 0.15));
}
