/** Every edit of a form's definition as a pure function: the old document in, a new one out. Keys never change. */
import { fieldAt, sectionsOf, type FieldDefinition, type FormDefinition, type Item, type SectionDefinition } from './definition';

/** Where something is put: before the item at `index` of a section, or of a table's columns (the length: at the end). */
export type Place = { readonly section: number; readonly index: number } | { readonly table: string; readonly index: number };
/** Something that stands in a section, or a column. */
export type Spot = { readonly path: string } | { readonly section: number; readonly index: number };

type Change = (field: FieldDefinition) => FieldDefinition;

export function changed(definition: FormDefinition, path: string, change: Change): FormDefinition {
  const [key, column] = path.split('.');
  const inside: Change = (field) =>
    column === undefined ? change(field) : { ...field, fields: (field.fields ?? []).map((each) => (each.key === column ? change(each) : each)) };
  return { ...definition, fields: definition.fields.map((field) => (field.key === key ? inside(field) : field)) };
}

/** An object with one key said or, with undefined, left out. */
export function having<T extends object>(object: T, key: string, value: unknown): T {
  if (value !== undefined) return { ...object, [key]: value };
  const { [key]: _, ...rest } = object as Record<string, unknown>;
  return rest as T;
}

export function set(definition: FormDefinition, path: string, key: string, value: unknown): FormDefinition {
  return changed(definition, path, (field) => having(field, key, value));
}

export function setForm(definition: FormDefinition, key: string, value: unknown): FormDefinition {
  return having(definition, key, value);
}

export function setSection(definition: FormDefinition, at: number, key: string, value: unknown): FormDefinition {
  return arranged(definition, sectionsOf(definition).map((each, index) => (index === at ? having(each, key, value) : each)));
}

export function setNote(definition: FormDefinition, at: number, index: number, item: Item): FormDefinition {
  return arranged(definition, sectionsOf(definition).map((each, section) => (section === at ? { ...each, items: each.items.with(index, item) } : each)));
}

/** The sections as they are said; where they were left to the form, they are written down. */
export function arranged(definition: FormDefinition, layout: readonly SectionDefinition[]): FormDefinition {
  return { ...definition, layout };
}

function inserted(sections: readonly SectionDefinition[], item: Item, at: number, index: number): readonly SectionDefinition[] {
  const known = sections.length > 0 ? sections : [{ columns: 2, items: [] }];
  return known.map((each, section) => (section === at ? { ...each, items: each.items.toSpliced(index, 0, item) } : each));
}

/** A new field at its place. */
export function add(definition: FormDefinition, field: FieldDefinition, place: Place): FormDefinition {
  if ('table' in place) return changed(definition, place.table, (table) => ({ ...table, fields: (table.fields ?? []).toSpliced(place.index, 0, field) }));
  return arranged({ ...definition, fields: [...definition.fields, field] }, inserted(sectionsOf(definition), field.key, place.section, place.index));
}

/** A note or a line. */
export function addItem(definition: FormDefinition, item: Item, place: { readonly section: number; readonly index: number }): FormDefinition {
  return arranged(definition, inserted(sectionsOf(definition), item, place.section, place.index));
}

export function placeOf(definition: FormDefinition, spot: Spot): Place | null {
  if (!('path' in spot)) return spot;
  const [key = '', column] = spot.path.split('.');
  if (column !== undefined) {
    const index = (fieldAt(definition, key)?.fields ?? []).findIndex((each) => each.key === column);
    return index < 0 ? null : { table: key, index };
  }
  const section = sectionsOf(definition).findIndex((each) => each.items.includes(key));
  return section < 0 ? null : { section, index: sectionsOf(definition)[section]?.items.indexOf(key) ?? -1 };
}

/** Whether it may stand there: what holds published values stays on its level, and a table stands in no table. */
export function mayMove(definition: FormDefinition, live: FormDefinition | null, spot: Spot, place: Place): boolean {
  if (!('path' in spot)) return !('table' in place);
  const column = spot.path.includes('.');
  const field = fieldAt(definition, spot.path);
  if (!field || ('table' in place && (field.type === 'table' || place.table === spot.path))) return false;
  const [table, key = ''] = spot.path.split('.');
  const level = 'table' in place ? place.table : null;
  if (level === (column ? table : null)) return true;
  const there = level === null ? definition.fields : (fieldAt(definition, level)?.fields ?? []);
  const emptied = column && (fieldAt(definition, table ?? '')?.fields ?? []).length === 1;
  return !emptied && !(live && fieldAt(live, spot.path)) && !there.some((each) => each.key === (column ? key : field.key));
}

/** Puts something elsewhere. */
export function move(definition: FormDefinition, spot: Spot, place: Place): FormDefinition {
  const from = placeOf(definition, spot);
  if (!from) return definition;
  const alike = 'table' in from ? 'table' in place && from.table === place.table : !('table' in place) && from.section === place.section;
  const index = alike && from.index < place.index ? place.index - 1 : place.index;
  if (alike && index === from.index) return definition;
  if ('table' in from || 'table' in place) {
    const field = 'path' in spot ? fieldAt(definition, spot.path) : undefined;
    if (!field || !('path' in spot)) return definition;
    if (alike && 'table' in from) return changed(definition, from.table, (table) => ({ ...table, fields: (table.fields ?? []).toSpliced(from.index, 1).toSpliced(index, 0, field) }));
    return add(taken(definition, spot.path), field, { ...place, index });
  }
  const item = sectionsOf(definition)[from.section]?.items[from.index];
  if (item === undefined) return definition;
  const without = sectionsOf(definition).map((each, at) => (at === from.section ? { ...each, items: each.items.toSpliced(from.index, 1) } : each));
  return arranged(definition, inserted(without, item, place.section, index));
}

/** One place up or down, through the borders of sections. */
export function step(definition: FormDefinition, spot: Spot, direction: -1 | 1): FormDefinition {
  const from = placeOf(definition, spot);
  if (!from) return definition;
  const length = 'table' in from ? (fieldAt(definition, from.table)?.fields ?? []).length : (sectionsOf(definition)[from.section]?.items.length ?? 0);
  const within = from.index + direction;
  if (within >= 0 && within < length) return move(definition, spot, { ...from, index: direction > 0 ? within + 1 : within });
  if ('table' in from) return definition;
  const next = sectionsOf(definition)[from.section + direction];
  return next ? move(definition, spot, { section: from.section + direction, index: direction > 0 ? 0 : next.items.length }) : definition;
}

/** Without the field itself: formulas that read it stay and are problems. */
function taken(definition: FormDefinition, path: string): FormDefinition {
  const [key = '', column] = path.split('.');
  if (column !== undefined) return changed(definition, key, (table) => ({ ...table, fields: (table.fields ?? []).filter((each) => each.key !== column) }));
  const left = { ...definition, fields: definition.fields.filter((field) => field.key !== key) };
  return definition.layout ? { ...left, layout: definition.layout.map((each) => ({ ...each, items: each.items.filter((item) => item !== key) })) } : left;
}

/** Takes a field out, and its name from lists, rights and titles, which are nothing without it. */
export function remove(definition: FormDefinition, path: string): FormDefinition {
  let left = taken(definition, path);
  const gone = (each: string) => each === path || each.startsWith(`${path}.`);
  const lists = (key: string, keep: (value: readonly unknown[]) => readonly unknown[]) => {
    const value = left[key];
    if (!Array.isArray(value)) return;
    const kept = keep(value);
    left = having(left, key, kept.length > 0 ? kept : undefined);
  };
  lists('list', (paths) => paths.filter((each) => !gone(String(each))));
  lists('display', (keys) => keys.filter((each) => !gone(String(each))));
  lists('unique', (groups) => groups.filter((group) => !(group as readonly string[]).some(gone)));
  if (left.access) {
    const access = left.access.map((line) => {
      if (!line.fields || !Object.keys(line.fields).some(gone)) return line;
      const fields = Object.fromEntries(Object.entries(line.fields).filter(([each]) => !gone(each)));
      return having(line, 'fields', Object.keys(fields).length > 0 ? fields : undefined);
    });
    left = { ...left, access };
  }
  return left;
}

export function removeItem(definition: FormDefinition, at: number, index: number): FormDefinition {
  return arranged(definition, sectionsOf(definition).map((each, section) => (section === at ? { ...each, items: each.items.toSpliced(index, 1) } : each)));
}

/** The same field once more, right behind, under a key of its own. */
export function duplicate(definition: FormDefinition, path: string): { readonly definition: FormDefinition; readonly path: string } | null {
  const field = fieldAt(definition, path);
  const place = placeOf(definition, { path });
  if (!field || !place) return null;
  const { was: _, ...rest } = field;
  const key = freeKey(siblings(definition, path), field.key.replace(/_\d+$/, ''), /_\d+$/.test(field.key));
  const copy = { ...rest, key } as FieldDefinition;
  return { definition: add(definition, copy, { ...place, index: place.index + 1 }), path: 'table' in place ? `${place.table}.${key}` : key };
}

export function addSection(definition: FormDefinition, at: number, section: SectionDefinition): FormDefinition {
  return arranged(definition, sectionsOf(definition).toSpliced(at, 0, section));
}

export function moveSection(definition: FormDefinition, at: number, direction: -1 | 1): FormDefinition {
  const sections = sectionsOf(definition);
  const moved = sections[at];
  if (!moved || !sections[at + direction]) return definition;
  return arranged(definition, sections.toSpliced(at, 1).toSpliced(at + direction, 0, moved));
}

/** Takes the heading away; its fields join the section before (the first: the one behind). */
export function removeSection(definition: FormDefinition, at: number): FormDefinition {
  const sections = sectionsOf(definition);
  const gone = sections[at];
  if (!gone || (sections.length === 1 && gone.items.length > 0)) return definition;
  const heir = at > 0 ? at - 1 : at + 1;
  const joined = sections.map((each, index) => (index === heir ? { ...each, items: at > 0 ? [...each.items, ...gone.items] : [...gone.items, ...each.items] } : each));
  return arranged(definition, joined.toSpliced(at, 1));
}

const KEPT = new Set(['key', 'type', 'label', 'help', 'required', 'visible', 'was']);

/** Another type for a field: what both types can say stays. `config` is what the new one cannot do without. */
export function retype(definition: FormDefinition, path: string, type: string, config: Readonly<Record<string, unknown>>, keys: ReadonlySet<string>): FormDefinition {
  return changed(definition, path, (field) => {
    const kept = Object.fromEntries(Object.entries(field).filter(([key]) => KEPT.has(key) || keys.has(key)));
    return { ...config, ...kept, type } as unknown as FieldDefinition;
  });
}

function siblings(definition: FormDefinition, path: string): readonly FieldDefinition[] {
  const [table] = path.split('.');
  return path.includes('.') ? (fieldAt(definition, table ?? '')?.fields ?? []) : definition.fields;
}

/** A key that stays for ever: from the English name where there is one, else from the type; never one that is taken. */
export function freshKey(definition: FormDefinition, type: string, english: string, table?: string): string {
  const taken = table === undefined ? definition.fields : (fieldAt(definition, table)?.fields ?? []);
  const word = english.toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '').slice(0, 40);
  const named = /^[a-z]/.test(word);
  return freeKey(taken, named ? word : type, !named);
}

/** Names that mean something of their own in formulas. */
const RESERVED = new Set(['id', 'number', 'row', 'target', 'old', 'true', 'false', 'and', 'or', 'not', 'in', 'created_at', 'created_by', 'updated_at', 'updated_by']);

function freeKey(fields: readonly FieldDefinition[], word: string, counted = false): string {
  const taken = new Set([...RESERVED, ...fields.map((field) => field.key)]);
  if (!counted && !taken.has(word)) return word;
  let count = counted ? 1 : 2;
  while (taken.has(`${word}_${count}`)) count += 1;
  return `${word}_${count}`;
}
