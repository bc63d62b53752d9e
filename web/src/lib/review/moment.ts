// Between a moment and what a person types for it: `2016-12-31T20:00` in the node's zone, which is seldom that of the
// browser. Pure functions.

/** Returns a moment as the text of a `datetime-local` field in a zone, to the minute. */
export function toField(at_ms: number, zone: string | undefined): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    ...(zone ? { timeZone: zone } : {}), year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
  }).formatToParts(at_ms);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '00';
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}`;
}

/** Returns the moment that a field's text means in a zone, or null. Where a clock is set back and the text means two
    moments, the first is taken. */
export function fromField(text: string, zone: string | undefined): number | null {
  const as_utc = Date.parse(`${text}:00Z`);
  if (Number.isNaN(as_utc)) return null;
  // The zone's offset is looked for near the moment itself, and again there, which settles the hours around a change.
  let at = as_utc;
  for (let round = 0; round < 3; round += 1) {
    const shown = Date.parse(`${toField(at, zone)}:00Z`);
    if (shown === as_utc) return at;
    at += as_utc - shown;
  }
  return at;
}
