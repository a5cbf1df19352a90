/** Every edit of a form's definition as a pure function: the old document in, a new one out. */
import { LOCALES, sectionsOf, wordsIn, type FieldDefinition, type FormDefinition, type Locale, type SectionDefinition } from './definition';

export function rename(definition: FormDefinition, key: string, locale: Locale, words: string): FormDefinition {
  return changed(definition, key, (field) => {
    const both = Object.fromEntries(LOCALES.map((each) => [each, wordsIn(field.label, each)]));
    return { ...field, label: { ...both, [locale]: words } };
  });
}

export function require(definition: FormDefinition, key: string, required: boolean): FormDefinition {
  return changed(definition, key, ({ required: _, ...field }) => (required ? { ...field, required } : field) as FieldDefinition);
}

/** Puts a field in front of the item at `index` of a section (its length: at the end). */
export function move(definition: FormDefinition, key: string, section: number, index: number): FormDefinition {
  const before = sectionsOf(definition);
  const from = before.findIndex((each) => each.items.includes(key));
  const old = before[from]?.items.indexOf(key) ?? -1;
  const to = from === section && old < index ? index - 1 : index;
  const without = before.map((each) => ({ ...each, items: each.items.filter((item) => item !== key) }));
  const after = without.map((each, at) => (at === section ? { ...each, items: each.items.toSpliced(to, 0, key) } : each));
  return arranged(definition, after);
}

/** One place up or down, through the sections' borders. */
export function step(definition: FormDefinition, key: string, direction: -1 | 1): FormDefinition {
  const sections = sectionsOf(definition);
  const at = sections.findIndex((each) => each.items.includes(key));
  const index = sections[at]?.items.indexOf(key) ?? -1;
  const within = index + direction;
  if (within >= 0 && within < (sections[at]?.items.length ?? 0)) return move(definition, key, at, direction > 0 ? within + 1 : within);
  const next = sections[at + direction];
  return next ? move(definition, key, at + direction, direction > 0 ? 0 : next.items.length) : definition;
}

/** A new field at the end of a section. */
export function add(definition: FormDefinition, field: FieldDefinition, section: number): FormDefinition {
  const grown = { ...definition, fields: [...definition.fields, field] };
  if (!definition.layout?.length) return grown;
  return { ...grown, layout: definition.layout.map((each, at) => (at === section ? { ...each, items: [...each.items, field.key] } : each)) };
}

export function remove(definition: FormDefinition, key: string): FormDefinition {
  const left = { ...definition, fields: definition.fields.filter((field) => field.key !== key) };
  if (!definition.layout) return left;
  return { ...left, layout: definition.layout.map((each) => ({ ...each, items: each.items.filter((item) => item !== key) })) };
}

/** A key that stays for ever: from the English name where there is one, else from the type; never one that is taken. */
export function freshKey(definition: FormDefinition, type: string, english: string): string {
  const slug = english.toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '').slice(0, 40);
  const base = /^[a-z]/.test(slug) ? slug : type;
  const taken = new Set([...definition.fields.map((field) => field.key), ...RESERVED]);
  for (let n = 1; ; n += 1) {
    const key = n === 1 && base === slug ? base : `${base}_${n}`;
    if (!taken.has(key)) return key;
  }
}

const RESERVED = ['id', 'number', 'created_at', 'created_by', 'updated_at', 'updated_by'];

function changed(definition: FormDefinition, key: string, change: (field: FieldDefinition) => FieldDefinition): FormDefinition {
  return { ...definition, fields: definition.fields.map((field) => (field.key === key ? change(field) : field)) };
}

function arranged(definition: FormDefinition, sections: readonly SectionDefinition[]): FormDefinition {
  if (definition.layout?.length) return { ...definition, layout: sections };
  const order = sections.flatMap((each) => each.items);
  return { ...definition, fields: definition.fields.toSorted((one, other) => order.indexOf(one.key) - order.indexOf(other.key)) };
}
