// The one way from this page to its node. Each function is one request; nothing here keeps state
// or retries by itself, because only the caller knows whether a person is waiting. Only feature
// roots import this file. Start at `request`.

import type { FeatureCollection } from 'geojson';
import type { Acted } from '../desk/acts.svelte';
import { language } from '../strings/index.svelte';
import type {
  Assignment, Board, EntriesPage, Incident, NodeInfo, Operation, Peers, Problem, Recommendation, Session, Together,
} from './types';

/** How long a request may take before the page calls it a fault, in ms. */
const REQUEST_MS_MAX = 10_000;
/** How long the node keeps the offer to take an action back, in s; a little less, for the way there. */
const UNDO_S = 9.5;
/** The same for the roads, which are megabytes, in ms. */
const ROADS_MS_MAX = 60_000;

/** A rule of the node said no, and says why and what to do next. */
export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
    this.name = 'Refusal';
  }
}

/** The node could not be reached, or did not answer in a way this page understands. */
export class LineFault extends Error {
  constructor(cause: unknown) {
    super('line fault', { cause });
    this.name = 'LineFault';
  }
}

/** Returns true when the node says that nobody is signed in here. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof Refusal && error.problem.status === 401;
}

/** Returns a fresh random key; the same key sent twice is carried out once. */
export function idempotencyKey(): string {
  // Not randomUUID: browsers keep that from pages served over plain HTTP inside a local network.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

interface RequestOptions {
  body?: unknown;
  /** Sent as Idempotency-Key; keep it when trying the same action again. */
  key?: string;
  /** Sent as If-Match: the version of the record that was seen. */
  version?: number;
  signal?: AbortSignal | undefined;
  limit_ms?: number;
}

/** Makes one request and returns its body. */
export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  return (await exchange<T>(method, path, options)).body;
}

/** Asks the node to act and returns what it answered, with how long it can be taken back for. */
export async function act<T>(method: string, path: string, body: unknown, key: string, version?: number, limit_ms?: number): Promise<Acted<T>> {
  const answer = await exchange<T>(method, path, { body, key, ...(version === undefined ? {} : { version }), ...(limit_ms === undefined ? {} : { limit_ms }) });
  const before = answer.headers.get('undo-before');
  // The node gives ten seconds; its clock may run from the past, so only that there is an offer counts.
  return { record: answer.body, undo_s: before === null ? null : UNDO_S };
}

async function exchange<T>(method: string, path: string, options: RequestOptions): Promise<{ body: T; headers: Headers }> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': language.current };
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (options.key !== undefined) headers['Idempotency-Key'] = options.key;
  if (options.version !== undefined) headers['If-Match'] = `"${options.version}"`;
  const limit = AbortSignal.timeout(options.limit_ms ?? REQUEST_MS_MAX);
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method,
      headers,
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ? AbortSignal.any([options.signal, limit]) : limit,
      cache: 'no-store',
      credentials: 'same-origin',
    });
    text = await answer.text();
  } catch (fault) {
    throw new LineFault(fault);
  }
  const exercise = answer.headers.get('exercise');
  told?.(exercise === null ? null : decodeURIComponent(exercise));
  const body = parse(text);
  if (answer.ok) {
    if (body === undefined && text !== '') throw new LineFault(`not JSON: ${method} ${path}`);
    return { body: body as T, headers: answer.headers };
  }
  throw new Refusal(problemOf(answer, body));
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Makes a problem of any refusal, also of one that a proxy in between made without saying what. */
function problemOf(answer: Response, body: unknown): Problem {
  const told = typeof body === 'object' && body !== null ? (body as Partial<Problem>) : {};
  const title = told.title ?? `${answer.status} ${answer.statusText}`.trim();
  return {
    type: told.type ?? 'about:blank',
    code: told.code ?? 'unknown',
    title,
    detail: told.detail ?? title,
    what: told.what ?? { en: title, zh: title },
    next_step: told.next_step ?? { en: '', zh: '' },
    status: answer.status,
  };
}

let told: ((exercise: string | null) => void) | undefined;

/** Has itself told the exercise that the node is for (null for one that is real), at every answer; also before anybody has signed in. */
export function onExercise(tell: (exercise: string | null) => void) {
  told = tell;
}

const part = encodeURIComponent;

/** Says who is signed in; refused with 401 when nobody is. */
export const readSession = () => request<Session>('GET', '/session');

/** Signs a person in with login and password. */
export const signIn = (login: string, password: string) =>
  request<unknown>('POST', '/session', { body: { login, password } });

/** Signs a person in for the first time with a one-time code, setting name and password. */
export const enrol = (code: string, login: string, name: string, password: string) =>
  request<unknown>('POST', '/enrolment', { body: { code, login, name, password } });

/** Ends the session on this console. */
export const signOut = () => request<unknown>('DELETE', '/session');

/** Reads what this node is: its name, clock, roads and catalogue. */
export const readNode = () => request<NodeInfo>('GET', '/node');

/** Reads an incident by its id, or by `number/` and its number. */
export const readIncidentAnywhere = (which: string) => request<Incident>('GET', `/incidents/${which}`);

/** Reads every open record, what ended within the last hour, and the place in the stream from which to go on. */
export const readBoard = () => request<Board>('GET', '/board');

/** Reads the operations that this node takes part in, was called into, or took part in. */
export const readOperations = () => request<Operation[]>('GET', '/operations');

/** Reads this node among others: its peers, and how the line to each is. */
export const readPeers = () => request<Peers>('GET', '/peers');

/** Asks the node which units it would send to an incident, and why. */
export const readRecommendation = (incident: string, signal?: AbortSignal) =>
  request<Recommendation>('GET', `/incidents/${part(incident)}/recommendation`, { signal });

/** Asks what to send to all incidents that nobody is on, looked at together. */
export const readTogether = () => request<Together>('GET', '/recommendation');

/** Reads one page of what happened to an incident. */
export const readEntries = (incident: string, cursor: string | number | null, signal?: AbortSignal) =>
  request<EntriesPage>(
    'GET', `/incidents/${part(incident)}/entries${cursor === null ? '' : `?cursor=${part(String(cursor))}`}`, { signal });

/** Takes back what was done under a key, within ten seconds and where the world allows it. */
export const undo = (done: string, key: string) => request<unknown>('POST', '/undo', { body: { key: done }, key });

/** Sends units to an incident. */
export const sendUnits = (incident: string, units: string[], key: string) =>
  act<{ assignments: Assignment[] }>('POST', `/incidents/${part(incident)}/assignments`, { units }, key);

/** Takes an assignment one step on, or calls it off. */
export const stepAssignment = (assignment: string, step: string, body: { reason?: string }, key: string) =>
  act<Assignment>('POST', `/assignments/${part(assignment)}/${part(step)}`, body, key);

/** Acts on an incident: grade, close, cancel, reopen, alarm, merge and so on. */
export const onIncident = (incident: string, what: string, body: unknown, key: string) =>
  act<Incident>('POST', `/incidents/${part(incident)}/${what}`, body, key);

/** Reads the roads of the map. */
export const readRoads = () => request<FeatureCollection>('GET', '/map/roads.geojson', { limit_ms: ROADS_MS_MAX });
