/** A filter as people build it: lines joined by “and” or “or”, groups of lines among them. Pure. */
import type { Json } from '../form/model';
import { t } from '../i18n';
import type { ListField, Tree } from './model';

export interface Line {
  readonly field: string;
  readonly op: string;
  readonly value: Json;
}

/** Something that the builder has no lines for (a negated group): kept as it is. */
export interface Opaque {
  readonly tree: Tree;
}

export interface Block {
  readonly join: 'and' | 'or';
  readonly parts: readonly (Line | Block | Opaque)[];
}

export const isLine = (part: Line | Block | Opaque): part is Line => 'op' in part;
export const isBlock = (part: Line | Block | Opaque): part is Block => 'join' in part;

/** The lines of a filter; one that is a single condition becomes a block of one. */
export function read(tree: Tree | null): Block {
  if (!tree) return { join: 'and', parts: [] };
  const found = part(tree);
  return isBlock(found) ? found : { join: 'and', parts: [found] };
}

function part(tree: Tree): Line | Block | Opaque {
  for (const join of ['and', 'or'] as const) {
    const parts = tree[join];
    if (Array.isArray(parts)) return { join, parts: parts.map((each) => part(each as Tree)) };
  }
  if (typeof tree['field'] === 'string') return { field: tree['field'], op: String(tree['op'] ?? 'eq'), value: tree['value'] ?? null };
  return { tree };
}

/** The filter of these lines; lines without a value are left out. Null where nothing is left. */
export function write(block: Block): Tree | null {
  const parts = block.parts.map((each) => (isBlock(each) ? write(each) : isLine(each) ? line(each) : each.tree)).filter((each) => each !== null);
  if (parts.length === 0) return null;
  return parts.length === 1 && parts[0] ? parts[0] : { [block.join]: parts };
}

function line({ field, op, value }: Line): Tree | null {
  if (op === 'blank' || op === 'not_blank') return { field, op };
  if (value === null || value === '' || (Array.isArray(value) && (value.length === 0 || value.some((each) => each === '')))) return null;
  return { field, op, value };
}

const OPPOSITE: Readonly<Record<string, string>> = { in: 'not_in', contains: 'not_contains', has_any: 'has_none', blank: 'not_blank' };

/** What can be asked of a field, the likeliest first. */
export function operators(field: ListField): string[] {
  const ops = field.ops.flatMap((op) => (OPPOSITE[op] ? [op, OPPOSITE[op]] : [op]));
  if (field.options.length > 0 && ops.includes('in')) return ops.filter((op) => op === 'in' || op === 'not_in' || op.endsWith('blank'));
  const first = ['contains', 'has_any', 'eq'].find((op) => ops.includes(op));
  const rest = ops.filter((op) => op !== first && op !== 'in' && op !== 'not_in');
  return first ? [first, ...rest] : rest;
}

/** What an operator is called; days have words of their own. */
export function operatorWords(op: string, field: ListField): string {
  const days = field.item === 'date' || field.item === 'datetime';
  const words: Readonly<Record<string, string>> = {
    eq: days ? t('is in') : t('is'),
    ne: days ? t('is not in') : t('is not'),
    in: t('is one of'),
    not_in: t('is none of'),
    lt: days ? t('before') : t('less than'),
    le: days ? t('until') : t('at most'),
    gt: days ? t('after') : t('more than'),
    ge: days ? t('since') : t('at least'),
    between: t('between'),
    starts: t('begins with'),
    contains: t('contains'),
    not_contains: t('does not contain'),
    has_any: t('has any of'),
    has_all: t('has all of'),
    has_none: t('has none of'),
    within: t('lies within'),
    blank: t('is empty'),
    not_blank: t('is not empty'),
  };
  return words[op] ?? op;
}

/** Days that are named from today on; a number follows those of the second list. */
export function relativeWords(): readonly (readonly [string, string])[] {
  return [
    ['today', t('today')],
    ['yesterday', t('yesterday')],
    ['tomorrow', t('tomorrow')],
    ['this_week', t('this week')],
    ['last_week', t('last week')],
    ['next_week', t('next week')],
    ['this_month', t('this month')],
    ['last_month', t('last month')],
    ['next_month', t('next month')],
    ['this_quarter', t('this quarter')],
    ['this_year', t('this year')],
    ['last_year', t('last year')],
    ['past', t('the past')],
    ['future', t('the future')],
    ['next_days', t('the next … days')],
    ['last_days', t('the last … days')],
    ['next_months', t('the next … months')],
    ['last_months', t('the last … months')],
  ];
}

export const COUNTED: readonly string[] = ['next_days', 'last_days', 'next_months', 'last_months'];

/** The field at a path of one or two steps. */
export function fieldAt(fields: readonly ListField[], path: string): ListField | undefined {
  const [key, below] = path.split('.');
  const own = fields.find((each) => each.key === key);
  return below === undefined ? own : own?.fields?.find((each) => each.key === below);
}

/** An empty value for an operator. */
export function emptyValue(op: string): Json {
  if (op === 'between') return ['', ''];
  return ['in', 'not_in', 'has_any', 'has_all', 'has_none'].includes(op) ? [] : null;
}
