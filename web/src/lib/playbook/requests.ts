// What a person does with playbooks: each is one request, and what became of it stands in the strip of acts. What is
// allowed, and why not, is the node's to say. Start at `readPlaybooks`.

import { act, request } from '../api/client';
import type { PlaybookRun, Playbooks, WouldHaveFired } from '../api/types';
import type { Desk } from '../desk/desk.svelte';
import { language, t, words } from '../strings/index.svelte';

const part = encodeURIComponent;
/** A look back may read through a year. In ms. */
const PAST_MS_MAX = 60_000;

export const readPlaybooks = () => request<Playbooks>('GET', '/playbooks');
export const readRun = (id: string) => request<PlaybookRun>('GET', `/playbook-runs/${part(id)}`);
export const readRuns = () => request<{ items: PlaybookRun[]; next: string | null }>('GET', '/playbook-runs?limit=50');
export const readPast = (id: string, days: number) =>
  request<WouldHaveFired>('GET', `/playbooks/${part(id)}/past?days=${days}`, { limit_ms: PAST_MS_MAX });

export type RunStep = { do: 'take'; no: number } | { do: 'decline'; no: number; reason: string } | { do: 'close'; reason: string };

/** Takes or declines a step, or ends the run; what is taken is written in the language of this screen. */
export function onRun(desk: Desk, run: PlaybookRun, body: RunStep): Promise<PlaybookRun | null> {
  const step = body.do === 'close' ? undefined : run.steps.find((one) => one.no === body.no);
  const text = t(`deed.playbook.${body.do}`, { label: words(run.label), step: words(step?.what) });
  const sent = body.do === 'take' ? { ...body, wording: language.current === 'zh-CN' ? 'zh' : 'en' } : body;
  const path = `/playbook-runs/${part(run.id)}/steps`;
  return desk.acts.run(`POST ${path} ${JSON.stringify(sent)}`, text, (key) => act<PlaybookRun>('POST', path, sent, key));
}

/** Starts a playbook by hand, for an incident. */
export function start(desk: Desk, playbook: { id: string; label: { en: string; zh: string } }, incident: string): Promise<PlaybookRun | null> {
  const path = `/playbooks/${part(playbook.id)}/runs`;
  const body = { incident };
  return desk.acts.run(`POST ${path} ${incident}`, t('deed.playbook.start', { label: words(playbook.label) }), (key) => act<PlaybookRun>('POST', path, body, key));
}
