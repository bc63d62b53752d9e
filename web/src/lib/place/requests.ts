// Places by name, crossing, pinyin or point, asked of the node: it has the roads, and works without any other network.

import { request } from '../api/client';
import type { Point } from '../api/types';

/** A place the node knows by what was typed. */
export interface FoundPlace {
  kind: string;
  text: string;
  lat: number;
  lon: number;
  area?: string | null;
  distance_m?: number | null;
}

/** Asks for places by text, those near a point before others like them. */
export const findPlaces = (text: string, near: Point | null, signal: AbortSignal) =>
  request<{ places: FoundPlace[] }>(
    'GET', `/places?q=${encodeURIComponent(text)}${near ? `&lat=${near.lat}&lon=${near.lon}` : ''}&limit=8`, { signal });

/** Asks what is at a point. */
export const placeAt = (point: Point, signal?: AbortSignal) =>
  request<{ text: string; area?: string | null; on_map: boolean }>('GET', `/places/at?lat=${point.lat}&lon=${point.lon}`, { signal });
