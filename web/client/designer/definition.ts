/** A form's definition as the designer reads it; what it does not know passes through untouched. */

export type Words = Readonly<Record<string, string>> | string;

export interface FieldDefinition {
  readonly key: string;
  readonly type: string;
  readonly label?: Words;
  readonly required?: boolean | { readonly '=': string };
  readonly fields?: readonly FieldDefinition[];
  readonly [other: string]: unknown;
}

/** Something to see between fields: `{note, tone}` or `{divider: true}`. */
export type DisplayDefinition = Readonly<Record<string, unknown>>;
export type Item = string | DisplayDefinition;

export interface SectionDefinition {
  readonly section?: Words;
  readonly columns?: number;
  readonly note?: Words;
  readonly tab?: Words;
  readonly items: readonly Item[];
  readonly [other: string]: unknown;
}

export interface AccessDefinition {
  readonly role: string;
  readonly may: readonly string[];
  readonly where?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

export interface RuleDefinition {
  readonly assert: string;
  readonly message?: Words;
}

export interface FormDefinition {
  readonly kind?: string;
  readonly key: string;
  readonly title: Words;
  readonly fields: readonly FieldDefinition[];
  readonly layout?: readonly SectionDefinition[];
  readonly access?: readonly AccessDefinition[];
  readonly rules?: readonly RuleDefinition[];
  readonly [other: string]: unknown;
}

export interface OptionDefinition {
  readonly key: string;
  readonly label?: Words;
  readonly color?: string;
  readonly retired?: boolean;
  readonly options?: readonly (OptionDefinition | string)[];
}

export const LOCALES = ['zh-CN', 'en'] as const;
export type Locale = (typeof LOCALES)[number];

export function wordsIn(words: Words | undefined, locale: string): string {
  if (words === undefined || words === null) return '';
  return typeof words === 'string' ? words : (words[locale] ?? '');
}

/** In the reader's language, else in another that is there. */
export function said(words: Words | undefined, locale: string): string {
  return wordsIn(words, locale) || LOCALES.map((other) => wordsIn(words, other)).find(Boolean) || '';
}

/** The name a reader sees: in their language, else in the other, else the key. */
export function nameOf(field: { readonly key: string; readonly label?: Words | undefined }, locale: string): string {
  return said(field.label, locale) || field.key;
}

/** The words with one language changed; undefined where nothing is left to say. */
export function reworded(words: Words | undefined, locale: Locale, text: string): Words | undefined {
  const both = typeof words === 'string' ? Object.fromEntries(LOCALES.map((each) => [each, words])) : { ...words };
  const next = Object.fromEntries(Object.entries({ ...both, [locale]: text }).filter(([, each]) => each !== ''));
  return Object.keys(next).length > 0 ? next : undefined;
}

/** Sections as the form shows them: what stands in none comes last. */
export function sectionsOf(definition: FormDefinition): readonly SectionDefinition[] {
  const layout = definition.layout ?? [];
  const placed = new Set(layout.flatMap((section) => section.items));
  const rest = definition.fields.map((field) => field.key).filter((key) => !placed.has(key));
  return rest.length > 0 ? [...layout, { columns: 2, items: rest }] : layout;
}

/** A field by its path: `amount`, or `lines.applied`. */
export function fieldAt(definition: FormDefinition, path: string): FieldDefinition | undefined {
  const [key, column] = path.split('.');
  const field = definition.fields.find((each) => each.key === key);
  return column === undefined ? field : field?.fields?.find((each) => each.key === column);
}

/** Every field and column with its path, in order. */
export function walk(definition: FormDefinition): readonly (readonly [string, FieldDefinition])[] {
  return definition.fields.flatMap((field) => [
    [field.key, field] as const,
    ...(field.fields ?? []).map((column) => [`${field.key}.${column.key}`, column] as const),
  ]);
}

export function optionsOf(field: FieldDefinition): readonly OptionDefinition[] {
  const options = (field.options as readonly (OptionDefinition | string)[] | undefined) ?? [];
  return options.map((option) => (typeof option === 'string' ? { key: option } : option));
}

/** Whether two JSON values say the same; the order of an object's keys says nothing. */
export function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [a, b] = [one as Record<string, unknown>, other as Record<string, unknown>];
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}
