// What a person does with the books of days: each is one request, and what became of it stands in the strip of acts. Start at
// `readBook`.

import { act, request } from '../../api/client';
import type { BookLine, DayBook } from '../../api/types';
import type { Desk } from '../../desk/desk.svelte';
import { t, words } from '../../strings/index.svelte';

/** Which book of which day; the day that ended last where no date is said. */
export interface Which {
  of: string;
  id?: string;
  date?: string;
}

/** Reads the book of a day. */
export const readBook = (which: Which) => request<DayBook>('GET', `/settlements/book?${new URLSearchParams({ ...which })}`);

const line = ({ record, item }: BookLine) => ({ record, ...(item === null || item === undefined ? {} : { item }) });

/** Says why lines are carried over, and to which day. */
export function carry(desk: Desk, which: Which, lines: BookLine[], reason: string, until: string): Promise<DayBook | null> {
  const body = { ...which, lines: lines.map(line), reason, until };
  return desk.acts.run(`carry ${JSON.stringify(body)}`, t('deed.settlement.carry', { n: lines.length }), (key) => act<DayBook>('POST', '/settlements/carried', body, key));
}

/** Signs a book. */
export const sign = (desk: Desk, which: Which): Promise<DayBook | null> =>
  desk.acts.run(`sign ${JSON.stringify(which)}`, t('deed.settlement.sign', { date: which.date ?? '' }), (key) => act<DayBook>('POST', '/settlements/signature', which, key));

/** Says that a line of a signed day was otherwise. */
export function correct(desk: Desk, which: Which, of: BookLine, was_open: boolean, reason: string): Promise<DayBook | null> {
  const body = { line: line(of), was_open, reason };
  const text = t('deed.settlement.correct', { line: words(of.label) });
  return desk.acts.run(`correct ${JSON.stringify({ which, body })}`, text, async (key) => {
    const { settlement } = await readBook(which);
    return act<DayBook>('POST', `/settlements/${settlement}/corrections`, body, key);
  });
}
