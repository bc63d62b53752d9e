// Every word a person reads, in both languages. `en.json` gives the keys and their types;
// `zh-CN.json` must have exactly the same ones or neither the type check nor
// `scripts/check-strings.mjs` passes. A key ending in `.one` and `.other` is a plural, asked for
// by its stem. Start at `t`.

import type { Bilingual } from '../api/types';
import en from './en.json';
import zh from './zh-CN.json';

/** A language this console speaks. */
export type Language = 'en' | 'zh-CN';

/** A key of the string tables. */
export type Key = keyof typeof en;

/** The stem of a plural key. */
export type PluralKey = Key extends infer K ? (K extends `${infer Stem}.other` ? Stem : never) : never;

const tables: Record<Language, Record<Key, string>> = { en, 'zh-CN': zh };

/** Where the choice of language is kept in this browser. */
const STORED_AS = 'watchfire.language';

function firstLanguage(): Language {
  const kept = localStorage.getItem(STORED_AS);
  if (kept === 'en' || kept === 'zh-CN') return kept;
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith('zh')) ? 'zh-CN' : 'en';
}

class LanguageChoice {
  current = $state<Language>(firstLanguage());

  constructor() {
    document.documentElement.lang = this.current;
  }

  /** Changes the language of the whole page and keeps it for next time. */
  choose(language: Language) {
    this.current = language;
    localStorage.setItem(STORED_AS, language);
    document.documentElement.lang = language;
  }
}

/** The language the page is shown in. */
export const language = new LanguageChoice();

type Values = Record<string, string | number>;

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** Returns the text of a key in the current language, with `{name}` places filled in. */
export function t(key: Key, values: Values = {}): string {
  return fill(tables[language.current][key], values);
}

const plurals: Record<Language, Intl.PluralRules> = { en: new Intl.PluralRules('en'), 'zh-CN': new Intl.PluralRules('zh-CN') };

/** Returns the text of a plural key for `n`, which also fills `{n}`. */
export function tn(stem: PluralKey, n: number, values: Values = {}): string {
  const form = plurals[language.current].select(n) === 'one' ? 'one' : 'other';
  return t(`${stem}.${form}` as Key, { n, ...values });
}

/** Returns the side of a text from the node that fits the current language. */
export function words(text: Bilingual | string | null | undefined): string {
  if (text === null || text === undefined) return '';
  if (typeof text === 'string') return text;
  return language.current === 'zh-CN' ? text.zh : text.en;
}

/** Returns a running number as people say it, the same in both languages. */
export const numbered = (number: number) => `#${number}`;

/** Returns the catalogue's words for a code, or the code itself where the node gives none. */
export function named(code: string, catalogue: Record<string, Bilingual> | undefined): string {
  const entry = catalogue?.[code];
  return entry ? words(entry) : code;
}
