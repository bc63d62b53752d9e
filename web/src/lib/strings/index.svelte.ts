// Every word a person reads, in both languages. Each feature keeps its own two tables,
// `<feature>.en.json` and `<feature>.zh-CN.json`; the English one gives the keys and their types, and
// the Chinese one must have exactly the same or neither the type check nor
// `scripts/check-strings.mjs` passes. A key ending in `.one` and `.other` is a plural, asked for
// by its stem. Start at `t`.

import type { Bilingual } from '../api/types';
import action_en from './action.en.json';
import action_zh from './action.zh-CN.json';
import alarm_en from './alarm.en.json';
import alarm_zh from './alarm.zh-CN.json';
import base_en from './base.en.json';
import base_zh from './base.zh-CN.json';
import crew_en from './crew.en.json';
import crew_zh from './crew.zh-CN.json';
import directive_en from './directive.en.json';
import directive_zh from './directive.zh-CN.json';
import dispatch_en from './dispatch.en.json';
import dispatch_zh from './dispatch.zh-CN.json';
import duty_en from './duty.en.json';
import duty_zh from './duty.zh-CN.json';
import figures_en from './figures.en.json';
import figures_zh from './figures.zh-CN.json';
import line_en from './line.en.json';
import line_zh from './line.zh-CN.json';
import map_en from './map.en.json';
import map_zh from './map.zh-CN.json';
import monitoring_en from './monitoring.en.json';
import monitoring_zh from './monitoring.zh-CN.json';
import operation_en from './operation.en.json';
import operation_zh from './operation.zh-CN.json';
import assess_en from './assess.en.json';
import assess_zh from './assess.zh-CN.json';
import patrol_en from './patrol.en.json';
import patrol_zh from './patrol.zh-CN.json';
import peer_en from './peer.en.json';
import peer_zh from './peer.zh-CN.json';
import playbook_en from './playbook.en.json';
import playbook_zh from './playbook.zh-CN.json';
import review_en from './review.en.json';
import review_zh from './review.zh-CN.json';
import road_en from './road.en.json';
import road_zh from './road.zh-CN.json';
import settlement_en from './settlement.en.json';
import settlement_zh from './settlement.zh-CN.json';
import shell_en from './shell.en.json';
import shell_zh from './shell.zh-CN.json';
import support_en from './support.en.json';
import support_zh from './support.zh-CN.json';
import take_en from './take.en.json';
import take_zh from './take.zh-CN.json';
import wall_en from './wall.en.json';
import wall_zh from './wall.zh-CN.json';

const en = {
  ...base_en, ...action_en, ...alarm_en, ...crew_en, ...directive_en, ...dispatch_en, ...duty_en, ...figures_en, ...line_en, ...map_en,
  ...monitoring_en, ...operation_en, ...assess_en, ...patrol_en, ...peer_en, ...playbook_en, ...review_en, ...road_en, ...settlement_en, ...shell_en, ...support_en, ...take_en, ...wall_en,
};
const zh = {
  ...base_zh, ...action_zh, ...alarm_zh, ...crew_zh, ...directive_zh, ...dispatch_zh, ...duty_zh, ...figures_zh, ...line_zh, ...map_zh,
  ...monitoring_zh, ...operation_zh, ...assess_zh, ...patrol_zh, ...peer_zh, ...playbook_zh, ...review_zh, ...road_zh, ...settlement_zh, ...shell_zh, ...support_zh, ...take_zh, ...wall_zh,
};

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
