/** Names in formulas: where the form's own fields are read, and how a key changes everywhere at once. */
import { fieldAt, type FieldDefinition, type FormDefinition } from './definition';

export interface Token {
  readonly kind: 'name' | 'function' | 'number' | 'string' | 'symbol' | 'space' | 'stray';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const TOKEN = /(\s+)|((?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|("(?:[^"]|"")*")|([\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*)|(<>|<=|>=|[=<>&+\-*/^%(),{}])|([\s\S])/gu;
const KINDS = ['space', 'number', 'string', 'name', 'symbol', 'stray'] as const;
const WORDS = /^(and|or|not|in|true|false)$/i;

/** The text in pieces, all of it: joined they are the text again. */
export function tokens(text: string): readonly Token[] {
  return [...text.matchAll(TOKEN)].map((match): Token => {
    const found = KINDS[match.slice(1).findIndex((group) => group !== undefined)] ?? 'stray';
    const start = match.index;
    const end = start + match[0].length;
    const called = found === 'name' && /^\s*\(/.test(text.slice(end)) && !WORDS.test(match[0]);
    return { kind: called ? 'function' : found === 'name' && WORDS.test(match[0]) ? 'symbol' : found, text: match[0], start, end };
  });
}

/** Where a formula stands: in a field (`path`) or in the form, and as what. */
export interface Where {
  readonly path: string | null;
  readonly what: 'required' | 'visible' | 'default' | 'rule' | 'value' | 'filter' | 'of' | 'where' | 'access' | 'display' | 'no_overlap';
}

type Rewrite = (text: string, where: Where) => string;

/** The definition with every formula rewritten. */
export function mapFormulas(definition: FormDefinition, rewrite: Rewrite): FormDefinition {
  const rules = (list: unknown, path: string | null) =>
    Array.isArray(list) ? { rules: list.map((rule: { assert: string }) => ({ ...rule, assert: rewrite(rule.assert, { path, what: 'rule' }) })) } : {};
  const field = (each: FieldDefinition, path: string): FieldDefinition => {
    const out: Record<string, unknown> = { ...each, ...rules(each.rules, path) };
    for (const what of ['required', 'default'] as const) {
      const said = each[what] as { '='?: string } | null | undefined;
      if (said && typeof said === 'object' && typeof said['='] === 'string') out[what] = { ...said, '=': rewrite(said['='], { path, what }) };
    }
    for (const what of ['visible', 'value', 'filter', 'of', 'where'] as const) if (typeof each[what] === 'string') out[what] = rewrite(each[what] as string, { path, what });
    if (each.fields) out.fields = each.fields.map((column) => field(column, `${path}.${column.key}`));
    return out as unknown as FieldDefinition;
  };
  const out: Record<string, unknown> = { ...definition, fields: definition.fields.map((each) => field(each, each.key)), ...rules(definition.rules, null) };
  if (typeof definition.display === 'string') out.display = rewrite(definition.display, { path: null, what: 'display' });
  if (definition.access) out.access = definition.access.map((line) => (line.where ? { ...line, where: rewrite(line.where, { path: null, what: 'access' }) } : line));
  if (Array.isArray(definition.no_overlap))
    out.no_overlap = definition.no_overlap.map((each: { when?: string }) => (each.when ? { ...each, when: rewrite(each.when, { path: null, what: 'no_overlap' }) } : each));
  return out as unknown as FormDefinition;
}

/** Whether a rollup's words speak of the other form, not of this. */
function elsewhere(definition: FormDefinition, where: Where): boolean {
  return (where.what === 'of' || where.what === 'where') && where.path !== null && fieldAt(definition, where.path)?.type === 'rollup';
}

/** The own path that a name begins with, as (path, the name's parts that it takes); null for what is not the form's. */
function ownPath(definition: FormDefinition, name: string, where: Where): readonly [string, number] | null {
  if (elsewhere(definition, where)) return null;
  const parts = name.split('.');
  const [table] = (where.path ?? '').split('.');
  if (parts[0] === 'row') {
    const inside = table && fieldAt(definition, table)?.fields ? table : null;
    return inside && parts[1] && fieldAt(definition, `${inside}.${parts[1]}`) ? [`${inside}.${parts[1]}`, 2] : null;
  }
  const field = fieldAt(definition, parts[0] ?? '');
  if (!field) return null;
  return field.fields && parts[1] && fieldAt(definition, `${field.key}.${parts[1]}`) ? [`${field.key}.${parts[1]}`, 2] : [field.key, 1];
}

/** Where the form itself reads a field (a table: it or any column of it). */
export function usesOf(definition: FormDefinition, path: string): readonly Where[] {
  const found = new Map<string, Where>();
  mapFormulas(definition, (text, where) => {
    for (const token of tokens(text)) {
      if (token.kind !== 'name') continue;
      const own = ownPath(definition, token.text, where)?.[0];
      if ((own === path || own?.startsWith(`${path}.`)) && where.path !== path) found.set(`${where.path} ${where.what}`, where);
    }
    return text;
  });
  return [...found.values()];
}

/** Another key for a field that was never published, wherever the definition names it. */
export function rekey(definition: FormDefinition, path: string, key: string): FormDefinition {
  const cut = path.lastIndexOf('.') + 1;
  const [old, next] = [path, path.slice(0, cut) + key];
  const named = (each: string) => (each === old ? next : each.startsWith(`${old}.`) ? next + each.slice(old.length) : each);
  const rewritten = mapFormulas(definition, (text, where) =>
    tokens(text)
      .map((token) => {
        if (token.kind !== 'name') return token.text;
        const own = ownPath(definition, token.text, where);
        if (!own || (own[0] !== old && !own[0].startsWith(`${old}.`))) return token.text;
        const parts = token.text.split('.');
        parts[path.includes('.') ? 1 : 0] = key;
        return parts.join('.');
      })
      .join(''),
  );
  const rename = (field: FieldDefinition): FieldDefinition => ({ ...field, key });
  const [table = '', column] = path.split('.');
  const out: Record<string, unknown> = {
    ...rewritten,
    fields: rewritten.fields.map((field) => {
      if (field.key !== table) return field;
      return column === undefined ? rename(field) : { ...field, fields: (field.fields ?? []).map((each) => (each.key === column ? rename(each) : each)) };
    }),
  };
  if (rewritten.layout) out.layout = rewritten.layout.map((section) => ({ ...section, items: section.items.map((item) => (typeof item === 'string' ? named(item) : item)) }));
  for (const list of ['list', 'display'] as const) if (Array.isArray(rewritten[list])) out[list] = (rewritten[list] as string[]).map(named);
  if (Array.isArray(rewritten.unique)) out.unique = (rewritten.unique as string[][]).map((group) => group.map(named));
  if (rewritten.access)
    out.access = rewritten.access.map((line) => (line.fields ? { ...line, fields: Object.fromEntries(Object.entries(line.fields).map(([each, level]) => [named(each), level])) } : line));
  return out as unknown as FormDefinition;
}
