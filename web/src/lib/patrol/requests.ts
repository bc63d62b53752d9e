// What a person does with patrol plans: each is one request, its answer put on the board at once, and what became of it
// stands in the strip of acts. Start at `onPlan`.

import { act, request } from '../api/client';
import type { Patrol, PatrolLines, PatrolPoint, PatrolProposal, PatrolRound } from '../api/types';
import type { Desk } from '../desk/desk.svelte';
import { t } from '../strings/index.svelte';

/** How long the node may take to lay rounds out, in ms: a little more than it allows itself. */
const PROPOSAL_MS_MAX = 15_000;

/** A point as it is written down. */
export interface PointBody {
  no: number;
  label: string;
  lat: number;
  lon: number;
  to?: { lat: number; lon: number };
  stay_min: number;
  wanted: { is: 'times'; count: number } | { is: 'every'; minutes: number };
  windows: { from: string; until: string }[];
  volunteers: boolean;
}

/** A plan as it is written down. */
export interface PlanBody {
  theme: string;
  from: string;
  until: string;
  units: string[];
  points: PointBody[];
}

const part = encodeURIComponent;

async function done(desk: Desk, method: string, path: string, body: unknown, text: string, version?: number): Promise<Patrol | null> {
  const record = await desk.acts.run(`${method} ${path} ${JSON.stringify(body)}`, text, (key) => act<Patrol>(method, path, body, key, version));
  if (record) desk.board.take({ kind: 'patrol', record });
  return record;
}

/** Writes a plan down. */
export const enter = (desk: Desk, plan: PlanBody) => done(desk, 'POST', '/patrols', plan, t('deed.patrol.enter', { theme: plan.theme }));

/** Begins or ends a plan. */
export const onPlan = (desk: Desk, plan: Patrol, what: 'start' | 'end') =>
  done(desk, 'POST', `/patrols/${part(plan.id)}/${what}`, {}, t(`deed.patrol.${what}`, { theme: plan.theme }));

/** What may be changed of a point while its plan stands. */
export type PointChange = Pick<PatrolPoint, 'stay_min' | 'wanted' | 'windows'>;

/** Changes how often and when one point wants visits. A plan is amended as a whole, so it must be the one that was seen. */
export function amendPoint(desk: Desk, plan: Patrol, no: number, change: PointChange): Promise<Patrol | null> {
  const { theme, theme_other, from, until, start, end, units } = plan;
  const points = plan.points.map(({ coverage: _, to, ...point }) => ({ ...point, ...(to === null ? {} : { to }), ...(point.no === no ? change : {}) }));
  const body = { theme, theme_other, from, until, start, end, units, points };
  return done(desk, 'PUT', `/patrols/${part(plan.id)}`, body, t('deed.patrol.point', { no }), plan.version);
}

/** Accepts rounds as they were proposed. */
export function accept(desk: Desk, plan: Patrol, rounds: readonly PatrolRound[]): Promise<Patrol | null> {
  const body = {
    rounds: rounds.map(({ unit, legs, back_at, basis }) => ({ unit, back_at, basis, legs: legs.map(({ point, visit, at }) => ({ point, visit, at })) })),
  };
  return done(desk, 'PUT', `/patrols/${part(plan.id)}/rounds`, body, t('deed.patrol.accept', { theme: plan.theme }));
}

/** Says of a unit that it was at a point, or that it does not go there. */
export function report(desk: Desk, plan: Patrol, unit: string, leg: { point: number; visit: number }, reason?: string): Promise<Patrol | null> {
  const body = { unit, point: leg.point, visit: leg.visit, ...(reason === undefined ? {} : { reason }) };
  const what = reason === undefined ? 'visits' : 'skips';
  return done(desk, 'POST', `/patrols/${part(plan.id)}/${what}`, body, t(`deed.patrol.${what}`, { no: leg.point }));
}

/** Asks the node how it would lay out what is left of a plan. */
export const propose = (plan: string, signal: AbortSignal) =>
  request<PatrolProposal>('POST', `/patrols/${part(plan)}/proposal`, { body: {}, signal, limit_ms: PROPOSAL_MS_MAX });

/** Reads the ways of a plan's rounds. */
export const readLines = (plan: string, signal: AbortSignal) => request<PatrolLines>('GET', `/patrols/${part(plan)}/lines`, { signal });

/** Reads a plan as it is now: what is missed changes with the clock alone. */
export const readPlan = (plan: string, signal: AbortSignal) => request<Patrol>('GET', `/patrols/${part(plan)}`, { signal });
