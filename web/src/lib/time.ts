// Times as people read them: ages, timers and clock times with their zone. Pure functions over
// milliseconds; which clock they come from is the caller's business. Start at `age`.

import type { Language } from './strings/index.svelte';
import { t } from './strings/index.svelte';

/** Returns milliseconds for a time text, or null when there is none or it cannot be read. */
export function ms(text: string | null | undefined): number | null {
  if (!text) return null;
  const parsed = Date.parse(text);
  return Number.isNaN(parsed) ? null : parsed;
}

/** Returns how long ago something was, in the two largest fitting units. */
export function age(since_ms: number | null, now_ms: number): string {
  if (since_ms === null || now_ms === 0) return '–';
  const seconds = Math.max(0, Math.floor((now_ms - since_ms) / 1000));
  if (seconds < 60) return t('age.seconds', { n: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t('age.minutes', { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return t('age.hours', { h: hours, m: String(minutes % 60).padStart(2, '0') });
  return t('age.days', { n: Math.floor(hours / 24) });
}

/** Returns a duration as minutes and seconds, `4:05`, or hours, `1:04:05`. */
export function timer(seconds: number | null): string {
  if (seconds === null) return '–';
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/** Returns the time of day with seconds in a zone; the browser's zone when none is given. */
export function timeOfDay(at_ms: number | null, zone: string | undefined): string {
  if (at_ms === null) return '–';
  return formatter('en-GB', zone, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }).format(at_ms);
}

/** Returns the day of the week and the date in a zone. */
export function date(at_ms: number, zone: string | undefined, language: Language): string {
  const locale = language === 'zh-CN' ? 'zh-CN' : 'en-GB';
  return formatter(locale, zone, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }).format(at_ms);
}

/** Returns the time of day, and the date before it when that was not within the last twenty hours. */
export function moment(at_ms: number | null, now_ms: number, zone: string | undefined, language: Language): string {
  if (at_ms === null) return '–';
  const time = timeOfDay(at_ms, zone);
  if (Math.abs(now_ms - at_ms) < 20 * 3_600_000) return time;
  const locale = language === 'zh-CN' ? 'zh-CN' : 'en-GB';
  return `${formatter(locale, zone, { day: 'numeric', month: 'short' }).format(at_ms)} ${time}`;
}

/** Returns the zone's offset from universal time, such as `UTC−08:00`. */
export function zoneOffset(at_ms: number, zone: string | undefined): string {
  const parts = formatter('en-GB', zone, { timeZoneName: 'longOffset' }).formatToParts(at_ms);
  const offset = parts.find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  return offset === 'GMT' ? 'UTC' : offset.replace('GMT', 'UTC').replace('-', '−');
}

const made = new Map<string, Intl.DateTimeFormat>();

/** Formatters are slow to make and the clock asks for them every tick, so each is made once. */
function formatter(locale: string, zone: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale}|${zone ?? ''}|${JSON.stringify(options)}`;
  let found = made.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, zone ? { ...options, timeZone: zone } : options);
    made.set(key, found);
  }
  return found;
}
