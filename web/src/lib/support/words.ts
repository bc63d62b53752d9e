// How support is said on the screen: names in the reader's language, and times that people type as minutes from now.

import type { SupportRequest } from '../api/types';
import { language, t } from '../strings/index.svelte';

/** Returns what something is called: its agency's own name, or that in the other language where one was given. A name
    with Chinese letters is the Chinese one, whichever of the two it is. */
export function called(one: { name: string; name_other?: string | null }): string {
  const other = one.name_other ?? null;
  if (other === null) return one.name;
  const chinese = /\p{Script=Han}/u.test(one.name);
  return chinese === (language.current === 'zh-CN') ? one.name : other;
}

/** Returns what a request asks for, by name where the catalogue has one. */
export function wanted(one: SupportRequest): string {
  return one.capability_name === null || one.capability_name === undefined ? one.code : called({ name: one.capability_name, name_other: one.capability_name_other ?? null });
}

/** Returns where a request stands: one whose support was there and is all let go again says so, until it is closed. */
export function standing(one: SupportRequest): string {
  const came = one.answers.filter((offer) => offer.accepted_at !== null && offer.delivered_at !== null);
  const let_go = one.status === 'delivered' && came.length > 0 && came.every((offer) => offer.released_at !== null);
  return t(let_go ? 'support.status.let_go' : `support.status.${one.status}`);
}

/** Returns the time so many minutes after a moment, as the node takes it. */
export const later = (now_ms: number, minutes: number) => new Date(now_ms + minutes * 60_000).toISOString();

/** Returns a minute of the day as people read it. */
export const clock = (minute: number) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

/** Reads `08:30` as a minute of the day. */
export function minuteOf(text: string): number {
  const [hours = '0', minutes = '0'] = text.split(':');
  return Number(hours) * 60 + Number(minutes);
}
