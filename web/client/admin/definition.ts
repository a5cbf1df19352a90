/** The parts of a form's definition that this page reads and writes; all else passes through untouched. */

export type Words = Readonly<Record<string, string>> | string;

export interface FieldDefinition {
  readonly key: string;
  readonly type: string;
  readonly label?: Words;
  readonly required?: boolean | { readonly '=': string };
  readonly fields?: readonly FieldDefinition[];
  readonly [other: string]: unknown;
}

export interface SectionDefinition {
  readonly section?: Words;
  readonly items: readonly string[];
  readonly [other: string]: unknown;
}

export interface FormDefinition {
  readonly key: string;
  readonly title: Words;
  readonly fields: readonly FieldDefinition[];
  readonly layout?: readonly SectionDefinition[];
  readonly [other: string]: unknown;
}

export const LOCALES = ['zh-CN', 'en'] as const;
export type Locale = (typeof LOCALES)[number];

export function wordsIn(words: Words | undefined, locale: string): string {
  if (words === undefined) return '';
  return typeof words === 'string' ? words : (words[locale] ?? '');
}

/** The name a reader sees: in their language, else in the other, else the key. */
export function nameOf(field: FieldDefinition, locale: string): string {
  return wordsIn(field.label, locale) || LOCALES.map((other) => wordsIn(field.label, other)).find(Boolean) || field.key;
}

/** Sections as the form shows them; without a layout, one that holds all fields in their order. */
export function sectionsOf(definition: FormDefinition): readonly SectionDefinition[] {
  return definition.layout?.length ? definition.layout : [{ items: definition.fields.map((field) => field.key) }];
}
