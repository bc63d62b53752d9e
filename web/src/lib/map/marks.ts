// Paints the marks of `shapes.ts` as images for the map, so that a unit or an incident looks the same
// in a list and on the map. It knows canvases and colours, and nothing of what is shown where.

import type { Map as MapLibreMap } from 'maplibre-gl';
import { priorities, priorityPath, unitPath, unitStatuses } from '../shapes';

/** Pixels of the image for one pixel of the screen. */
const PIXEL_RATIO = 3;
const INCIDENT_PX = 27;
const UNIT_PX = 15;
const STATION_PX = 11;

const STATION = 'M3 22V10L12 3l9 7v12z';
const TICK = 'M12 -9l5 8h-10z';

interface Mark { path: string; fill: string; edge: string; edge_width: number; text?: string; hollow?: boolean }

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
    context.lineWidth = 3;
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

/** Adds every mark to a map under the names the layers use. */
export function addMarks(map: MapLibreMap, colour: (name: string) => string) {
  const edge = colour('--map-ground');
  const add = (name: string, image: ImageData) => map.addImage(name, image, { pixelRatio: PIXEL_RATIO });
  for (const priority of priorities) {
    const mark = { path: priorityPath[priority], fill: colour(`--priority-${priority}`), edge, edge_width: 3, text: String(priority) };
    add(`priority-${priority}`, paint(INCIDENT_PX, mark, 0.1));
  }
  for (const status of unitStatuses) {
    const mark = { path: unitPath[status], fill: colour(`--unit-${status}`), edge, edge_width: 5 };
    add(`unit-${status}`, paint(UNIT_PX, mark, 0.15));
    if (status === 'en_route') add('unit-en_route-unknown', paint(UNIT_PX, { ...mark, hollow: true }, 0.15));
  }
  add('heading', paint(UNIT_PX, { path: TICK, fill: colour('--text-soft'), edge, edge_width: 3 }, 0.5));
  add('station', paint(STATION_PX, { path: STATION, fill: colour('--map-station'), edge, edge_width: 3 }, 0.15));
}
