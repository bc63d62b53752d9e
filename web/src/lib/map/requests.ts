// What the map asks the node: the ground under everything, station areas, and how far one unit gets
// in how long. Each function is one request and keeps nothing.

import type { FeatureCollection, MultiPolygon, Polygon } from 'geojson';
import { Refusal, readRoads, request } from '../api/client';
import type { Basis, Cover, Point, RoadsMetAnswer } from '../api/types';

// Written by hand until the node's description has them; then these are the generated types.

/** Where a unit gets to within which times. */
export interface Reach extends FeatureCollection<Polygon | MultiPolygon, { within_s: number }> {
  /** Where it starts from; the age is null where that is its post or station, for want of a position. */
  from: Point & { position_age_s: number | null };
  basis: Basis;
}

/** The way of a unit to an incident. */
export interface Route {
  seconds: number;
  length_m: number;
  /** Whether that is driven with lights and siren. */
  siren: boolean;
  basis: Basis;
  line: [lon: number, lat: number][];
  steps: RouteStep[];
}

/** One thing that the crew does, and the stretch after it. */
export interface RouteStep {
  manoeuvre:
    | 'depart' | 'straight' | 'slight_left' | 'left' | 'sharp_left' | 'slight_right' | 'right' | 'sharp_right' | 'turn_round'
    | 'roundabout' | 'ferry' | 'arrive';
  /** For a roundabout, by which exit. */
  exit: number | null;
  name: string | null;
  length_m: number;
}

/** How long the ground may take, which is megabytes for a large city, in ms. */
const GROUND_MS_MAX = 60_000;

const part = encodeURIComponent;

/** Returns what the node has at an address, or null where it has nothing. */
async function ifAny<T>(asking: Promise<T>): Promise<T | null> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof Refusal && error.problem.status === 404) return null;
    throw error;
  }
}

/** Reads the roads, or null where the node has none. */
export const readRoadsIfAny = () => ifAny(readRoads());

/** Reads water, green, built-up ground, rivers, railways and named places, or null where the node has none. */
export const readGround = () => ifAny(request<FeatureCollection>('GET', '/map/ground.geojson', { limit_ms: GROUND_MS_MAX }));

/** Reads which ground each station reaches first, or null where the node cannot say. */
export const readAreas = () => ifAny(request<FeatureCollection>('GET', '/map/station-areas.geojson', { limit_ms: GROUND_MS_MAX }));

/** Reads how surely calls would be reached in time as units stand. */
export const readCover = () => request<Cover>('GET', '/cover');

/** Reads which roads the road conditions in force meet. */
export const readRoadsMet = (signal: AbortSignal) => request<RoadsMetAnswer>('GET', '/map/road-conditions.geojson', { signal });

/** Reads how far a unit gets in how long. */
export const readReach = (unit: string, signal: AbortSignal) => request<Reach>('GET', `/units/${part(unit)}/reach`, { signal });

/** Reads the way of a unit to an incident. */
export const readRoute = (unit: string, incident: string, signal: AbortSignal) =>
  request<Route>('GET', `/units/${part(unit)}/route?incident=${part(incident)}`, { signal });
