// What a dispatcher asks the node to do about the roads: enter a road condition, give it another end, end it.

import { act } from '../../api/client';
import type { RoadCondition, RoadEffect, RoadShape } from '../../api/types';
import type { Desk } from '../../desk/desk.svelte';
import { t } from '../../strings/index.svelte';

/** A new road condition. */
export interface NewCondition {
  effect: RoadEffect;
  shape: RoadShape;
  reason: string;
  until?: string;
}

/** Enters a road condition; returns it, or null when the node did not take it. */
export async function enter(desk: Desk, body: NewCondition): Promise<RoadCondition | null> {
  const text = t(body.effect.is === 'closed' ? 'road.deed.closed' : 'road.deed.slowed', { reason: body.reason });
  const record = await desk.acts.run(`/road-conditions ${JSON.stringify(body)}`, text, (key) =>
    act<RoadCondition>('POST', '/road-conditions', body, key));
  if (record) desk.board.take({ kind: 'road_condition', record });
  return record;
}

const step = async (desk: Desk, condition: RoadCondition, to: 'end' | 'until', body: { until?: string | null }, text: string) => {
  const path = `/road-conditions/${encodeURIComponent(condition.id)}/${to}`;
  const record = await desk.acts.run(`${path} ${JSON.stringify(body)}`, text, (key) => act<RoadCondition>('POST', path, body, key));
  if (record) desk.board.take({ kind: 'road_condition', record });
  return record !== null;
};

/** Ends a road condition. */
export const end = (desk: Desk, condition: RoadCondition) =>
  step(desk, condition, 'end', {}, t('road.deed.ended', { reason: condition.reason }));

/** Gives a road condition another end, or none. */
export const amendEnd = (desk: Desk, condition: RoadCondition, until: string | null) =>
  step(desk, condition, 'until', { until }, t('road.deed.until', { reason: condition.reason }));
