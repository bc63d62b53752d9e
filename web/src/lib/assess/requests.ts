// What a person does with assessments, consultations and patterns: each is one request, and what became of it stands in the
// strip of acts. What is allowed is the node's to say. Start at `Analysis`, which holds what the page shows.

import { act, request } from '../api/client';
import type { Assessment, CallAlerts, Consultation, LikeAnswer, Patterns, SavedViews } from '../api/types';
import type { Desk } from '../desk/desk.svelte';
import { t } from '../strings/index.svelte';

const part = encodeURIComponent;
/** A question may look through years. In ms. */
const SEARCH_MS_MAX = 60_000;

export const readAssessments = () => request<{ items: Assessment[] }>('GET', '/assessments');
export const readConsultations = () => request<{ items: Consultation[] }>('GET', '/consultations');
/** Reads one with its text; one of another home by that home's id too. */
export const readAssessment = (one: Pick<Assessment, 'id' | 'node' | 'own'>) =>
  request<Assessment>('GET', one.own ? `/assessments/${part(one.id)}` : `/assessments/of/${part(one.node)}/${part(one.id)}`);
export const readAlerts = () => request<CallAlerts>('GET', '/patterns/alerts', { limit_ms: SEARCH_MS_MAX });
export const readViews = () => request<SavedViews>('GET', '/patterns/views');
export const search = (query: URLSearchParams) => request<Patterns>('GET', `/patterns?${query}`, { limit_ms: SEARCH_MS_MAX });
export const readLike = (incident: string) => request<LikeAnswer>('GET', `/patterns/like/${part(incident)}`, { limit_ms: SEARCH_MS_MAX });

const run = <T>(desk: Desk, method: string, path: string, body: unknown, text: string, version?: number) =>
  desk.acts.run(`${method} ${path} ${JSON.stringify(body)}`, text, (key) => act<T>(method, path, body, key, version));

export const draft = (desk: Desk, body: { title: string }) =>
  run<Assessment>(desk, 'POST', '/assessments', body, t('deed.assessment.draft', { title: body.title }));
export const amend = (desk: Desk, one: Assessment, body: { title: string }) =>
  run<Assessment>(desk, 'PUT', `/assessments/${part(one.id)}`, body, t('deed.assessment.amend', { title: body.title }), one.version);

export type AssessmentStep = { do: 'review' } | { do: 'read' } | { do: 'return'; remark: string } | { do: 'withdraw'; reason: string } | {
  do: 'issue'; seats: string[]; operation?: string; agencies: string[];
};
/** Takes a step; it counts for the version that was seen, except for reading, which many do at once. */
export const step = (desk: Desk, one: Assessment, body: AssessmentStep) =>
  run<Assessment>(desk, 'POST', `/assessments/${part(one.id)}/steps`, body, t(`deed.assessment.${body.do}`, { title: one.title }), body.do === 'read' ? undefined : one.version);

/** Signs for what another home issued. */
export const sign = (desk: Desk, one: Assessment) =>
  run<unknown>(desk, 'POST', `/operations/${part(one.readers.operation ?? '')}/steps`, { do: 'sign', node: one.node, record: `assessment:${one.id}` }, t('deed.assessment.sign', { title: one.title }));

export const callTogether = (desk: Desk, body: { subject: string }) =>
  run<Consultation>(desk, 'POST', '/consultations', body, t('deed.consultation.call', { subject: body.subject }));
export type ConsultationStep = { do: 'open' } | { do: 'conclude' } | { do: 'card'; text: string } | { do: 'note'; text: string } | { do: 'decide'; text: string }
  | { do: 'direct'; no: number; directive?: string } | { do: 'decline'; no: number; reason: string } | { do: 'call_off'; reason: string };
export const sit = (desk: Desk, one: Pick<Consultation, 'id' | 'subject'>, body: ConsultationStep) =>
  run<Consultation>(desk, 'POST', `/consultations/${part(one.id)}/steps`, body, t(`deed.consultation.${body.do}`, { subject: one.subject }));
/** Says something about a consultation that another home called. */
export const say = (desk: Desk, one: Consultation, text: string) =>
  run<unknown>(desk, 'POST', `/operations/${part(one.operation ?? '')}/steps`, { do: 'say', text, node: one.node, record: `consultation:${one.id}` }, t('deed.consultation.say', { subject: one.subject }));

export const saveView = (desk: Desk, name: string, query: Record<string, unknown>) =>
  run<SavedViews>(desk, 'POST', '/patterns/views', { name, query }, t('deed.view.save', { name }));
export const removeView = (desk: Desk, view: { id: string; name: string }) =>
  run<SavedViews>(desk, 'POST', `/patterns/views/${part(view.id)}/remove`, {}, t('deed.view.remove', { name: view.name }));
