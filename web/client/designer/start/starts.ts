/** What a new form begins with. */
import { LOCALES, type FormDefinition } from '../definition';

const EVERYTHING = { role: 'admin', may: ['create', 'read', 'update', 'delete', 'import', 'export'] };

/** A form that one can submit at once. */
export function blank(): FormDefinition {
  return {
    kind: 'form',
    key: '',
    title: {},
    display: ['title'],
    fields: [{ key: 'title', type: 'text', label: { 'zh-CN': '标题', en: 'Title' }, required: true }],
    layout: [{ columns: 2, items: ['title'] }],
    list: ['title'],
  };
}

/** A form like another: what hangs on links that lead to the other stays behind. */
export function likeness(form: FormDefinition): FormDefinition {
  const gone = new Set(form.fields.filter((field) => field.type === 'backlink' || field.type === 'rollup').map((field) => field.key));
  const keep = (key: unknown) => typeof key !== 'string' || !gone.has(key);
  return {
    ...form,
    title: Object.fromEntries(LOCALES.map((each) => [each, `${(form.title as Record<string, string>)[each] ?? ''}${each === 'en' ? ' (copy)' : '（副本）'}`])),
    fields: form.fields.filter((field) => keep(field.key)),
    ...(form.layout ? { layout: form.layout.map((section) => ({ ...section, items: section.items.filter(keep) })) } : {}),
    ...(Array.isArray(form.list) ? { list: form.list.filter(keep) } : {}),
  };
}

export function named(form: FormDefinition, key: string, titles: Readonly<Record<string, string>>): FormDefinition {
  const said = Object.fromEntries(LOCALES.map((each) => [each, titles[each]?.trim() ?? '']).filter(([, words]) => words));
  return { ...form, kind: 'form', key, title: said, access: form.access ?? [EVERYTHING] };
}

/** A free key from an English title. */
export function slug(title: string, taken: readonly string[]): string {
  const word = title.toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^[^a-z]+|_+$/g, '').slice(0, 50) || 'form';
  let found = word === 'form' ? 'form_1' : word;
  for (let count = 2; taken.includes(found); count += 1) found = `${word}_${count}`;
  return found;
}
