// What a person does with the books of days: each is one request, and what became of it stands in the strip of acts. Start at
// `readBook`.

import { act, request } from '../../api/client';
import type { BookLine, DayBook } from '../../api/types';
import type { Desk } from '../../desk/desk.svelte';
import { t, words } from '../../strings/index.svelte';

/** Lines that the node takes at once. */
const CARRIED_AT_ONCE = 200;

/** Which book of which day; the day that ended last where no date is said. */
export interface Which {
  of: string;
  id?: string;
  date?: string;
}

/** Reads the book of a day: all that is open, and of what is over the first hundreds or every line. */
export const readBook = (which: Which, whole = false) =>
  request<DayBook>('GET', `/settlements/book?${new URLSearchParams({ ...which, ...(whole ? { whole: 'true' } : {}) })}`);

const line = ({ record, item }: BookLine) => ({ record, ...(item === null || item === undefined ? {} : { item }) });

/** Says why lines are carried over, and to which day. */
export function carry(desk: Desk, which: Which, lines: BookLine[], reason: string, until: string): Promise<DayBook | null> {
  const body = { ...which, lines: lines.map(line), reason, until };
  return desk.acts.run(`carry ${JSON.stringify(body)}`, t('deed.settlement.carry', { n: lines.length }), async (key) => {
    const send = (from: number) =>
      act<DayBook>('POST', '/settlements/carried', { ...body, lines: body.lines.slice(from, from + CARRIED_AT_ONCE) }, from === 0 ? key : `${key}-${from}`);
    let done = await send(0);
    // Repeated after a failure, what was carried over is not carried over twice: the keys are the same.
    for (let from = CARRIED_AT_ONCE; from < body.lines.length; from += CARRIED_AT_ONCE) done = await send(from);
    return done;
  });
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
