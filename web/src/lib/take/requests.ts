// What call taking asks of the node. Each function is one request; whoever is waiting decides when to ask
// again. Only the feature's state classes import this file.

import { act, request } from '../api/client';
import type { Call, Incident, Point } from '../api/types';
import type { Answer, CallBody, DraftBody, DraftView, Hint, PlaceAt, PlaceBody, PlaceHit, Triage } from './types';

const part = encodeURIComponent;

/** Finds what a typed text may mean; `near` breaks ties. */
export const findPlaces = (text: string, near: Point | null, limit: number, signal: AbortSignal) => {
  const query = new URLSearchParams({ q: text, limit: String(limit) });
  if (near) {
    query.set('lat', near.lat.toFixed(6));
    query.set('lon', near.lon.toFixed(6));
  }
  return request<{ places: PlaceHit[] }>('GET', `/places?${query}`, { signal });
};

/** Says what there is at a point, in words. */
export const placeAt = (point: Point, signal?: AbortSignal) =>
  request<PlaceAt>('GET', `/places/at?lat=${point.lat.toFixed(6)}&lon=${point.lon.toFixed(6)}`, { signal });

/** What a call that is being typed is about as far as is known; a null category asks for a guess. */
export interface TriageBody {
  said?: string;
  category?: string;
  answers?: Answer[];
}

/** Asks what a call seems to be about, what to ask next and how urgent that makes it. */
export const askTriage = (body: TriageBody, signal: AbortSignal) => request<Triage>('POST', '/triage', { body, signal });

/** What is compared with other reports. */
export interface DuplicatesBody {
  place?: PlaceBody;
  category?: string;
  callback?: string;
}

/** Asks what a call that is being typed may be a duplicate of. */
export const askDuplicates = (body: DuplicatesBody, signal: AbortSignal) =>
  request<{ hints: Hint[] }>('POST', '/duplicates', { body, signal });

/** Asks what a call that was taken may be a duplicate of. */
export const duplicatesOf = (call: string) => request<{ hints: Hint[] }>('GET', `/calls/${part(call)}/duplicates`);

/** Reads one's own half-typed calls. */
export const readDrafts = () => request<{ drafts: DraftView[] }>('GET', '/drafts');

/** Keeps a half-typed call on the node. */
export const putDraft = (id: string, body: DraftBody) => request<DraftView | undefined>('PUT', `/drafts/${part(id)}`, { body });

/** Lets a half-typed call go. */
export const deleteDraft = (id: string) => request<unknown>('DELETE', `/drafts/${part(id)}`);

/** Takes a call, and opens an incident or joins one in the same step where that is asked. */
export const receiveCall = (body: CallBody, key: string) => act<Call>('POST', '/calls', body, key);

/** Reads a call that is no longer on the board. */
export const readCall = (id: string) => request<Call>('GET', `/calls/${part(id)}`);

/** Reads an incident that is not on the board yet, or no longer. */
export const readIncident = (id: string) => request<Incident>('GET', `/incidents/${part(id)}`);

/** Adds to a call what was typed after it was sent. */
export const amendCall = (id: string, body: Omit<CallBody, 'channel'>, key: string) =>
  act<Call>('PATCH', `/calls/${part(id)}`, body, key);

/** Makes a waiting call part of an incident. */
export const joinCall = (id: string, incident: string, key: string) =>
  act<Call>('POST', `/calls/${part(id)}/join`, { incident }, key);

/** Closes a waiting call without action. */
export const closeCall = (id: string, reason: string, key: string) =>
  act<Call>('POST', `/calls/${part(id)}/close`, { reason }, key);

/** Opens an incident from a waiting call. */
export const openFromCall = (body: { call: string; category?: string; priority?: number; place?: { lat: number; lon: number; address: string } }, key: string) =>
  act<Incident>('POST', '/incidents', body, key);
