// Words for figures of a period: a cell that has no records says so, and is never nought.
import type { MonitoredPeriod } from '../api/types';
import { t } from '../strings/index.svelte';

/** The addresses of pages that show a record of a kind. */
const PAGES: Record<string, (id: string) => string> = {
  incident: (id) => `/incident/${id}`,
  directive: (id) => `/directives/${id}`,
  support_request: (id) => `/support/${id}`,
  assessment: (id) => `/analysis/${id}`,
  consultation: (id) => `/analysis/${id}`,
  settlement: () => '/settlement',
};

/** Returns where a record that waits is shown, if it has a page. */
export function pageOf(wait: { kind: string; record: string; incident?: string | null | undefined }): string | null {
  if (wait.incident) return PAGES['incident']!(wait.incident);
  return PAGES[wait.kind]?.(wait.record) ?? null;
}

/** Returns a figure of a period in words: what is not known says why. */
export function figured(period: MonitoredPeriod, read: (figures: NonNullable<MonitoredPeriod['figures']>) => string | null): string {
  const figures = period.figures;
  if (figures === null || figures === undefined) return t(`monitoring.state.${period.state}`);
  return read(figures) ?? '–';
}
