import { createPref } from "../lib/prefs";
import { useStore } from "../lib/use-store";
import type { Message, Slots } from "./catalogue";
import { en } from "./en";
import { zh } from "./zh";

export type Lang = "en" | "zh";
export type Key = keyof typeof en;
type Values = Record<string, string | number>;
type Args<K extends Key> = [Slots<(typeof en)[K]>] extends [never]
  ? []
  : [values: Record<Slots<(typeof en)[K]>, string | number>];
export type Translate = <K extends Key>(key: K, ...args: Args<K>) => string;

export const LANGUAGES: Record<Lang, { name: string; tag: string }> = {
  en: { name: "English", tag: "en" },
  zh: { name: "简体中文", tag: "zh-CN" },
};
const CATALOGUES: Record<Lang, Record<Key, Message>> = { en, zh };

/** The stored choice, else the first language of the browser that we have. */
function parseLang(text: string | null): Lang {
  if (text === "en" || text === "zh") return text;
  const wanted = typeof navigator === "undefined" ? [] : navigator.languages;
  const known = wanted.map((tag) => tag.slice(0, 2)).find((tag) => tag === "en" || tag === "zh");
  return known ?? "en";
}

export const lang = createPref<Lang>("lang", parseLang);

const plurals = new Map<Lang, Intl.PluralRules>();
const groupings = new Map<Lang, Intl.NumberFormat>();

/** A number with the digit grouping of a language. */
export function groupDigits(value: number, language: Lang): string {
  let format = groupings.get(language);
  if (!format) groupings.set(language, (format = new Intl.NumberFormat(LANGUAGES[language].tag, { maximumFractionDigits: 20 })));
  return format.format(value);
}

function pickForm(message: Message, language: Lang, n: unknown): string {
  if (typeof message === "string") return message;
  let rules = plurals.get(language);
  if (!rules) plurals.set(language, (rules = new Intl.PluralRules(LANGUAGES[language].tag)));
  const isOne = typeof n === "number" && rules.select(n) === "one";
  return isOne ? (message.one ?? message.other) : message.other;
}

/** Fill a message of one language; numbers get their digits grouped. */
export function translate(language: Lang, key: Key, values: Values = {}): string {
  const form = pickForm(CATALOGUES[language][key], language, values.n);
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? groupDigits(value, language) : value;
  });
}

export const translators: Record<Lang, Translate> = {
  en: (key, ...args) => translate("en", key, args[0]),
  zh: (key, ...args) => translate("zh", key, args[0]),
};

/** The translator of the chosen language; the component follows a switch. */
export function useT(): Translate {
  return translators[useStore(lang)];
}

/** The translator of the moment, for code outside of components. */
export function currentT(): Translate {
  return translators[lang.get()];
}

/** Keep the document's language in step with the choice. */
export function startLang(): void {
  const apply = () => {
    document.documentElement.lang = LANGUAGES[lang.get()].tag;
  };
  lang.subscribe(apply);
  apply();
}
