/** Conditions that can be clicked together, and the formulas they are. */
import { tokens, type Token } from './names';

export type Operator = '=' | '<>' | '<' | '<=' | '>' | '>=' | 'blank' | 'filled' | 'true' | 'false';

export interface Part {
  /** A name as formulas write it: `amount`, `order.status`, `row.share`. */
  readonly name: string;
  readonly operator: Operator;
  /** As a formula writes it: `5`, `"open"`, `TODAY()`, or another name. */
  readonly value: string;
}

export interface Condition {
  readonly join: 'AND' | 'OR';
  readonly parts: readonly Part[];
}

export const NO_CONDITION: Condition = { join: 'AND', parts: [] };
const COMPARING: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);

export function toFormula({ join, parts }: Condition): string {
  return parts.length === 0 ? 'TRUE' : parts.map(partText).join(` ${join} `);
}

function partText({ name, operator, value }: Part): string {
  if (operator === 'blank') return `ISBLANK(${name})`;
  if (operator === 'filled') return `NOT ISBLANK(${name})`;
  if (operator === 'true') return name;
  if (operator === 'false') return `NOT ${name}`;
  return `${name} ${operator} ${value === '' ? '""' : value}`;
}

/** The condition that a formula is; null for one that is more than this. */
export function toCondition(text: string): Condition | null {
  const all = tokens(text).filter((token) => token.kind !== 'space');
  if (all.length === 0 || (all.length === 1 && all[0]?.text.toUpperCase() === 'TRUE')) return NO_CONDITION;
  const parts: Part[] = [];
  let join: 'AND' | 'OR' | null = null;
  let rest: readonly Token[] = all;
  while (rest.length > 0) {
    const end = rest.findIndex((token) => /^(and|or)$/i.test(token.text));
    const part = partOf(end < 0 ? rest : rest.slice(0, end));
    if (!part) return null;
    parts.push(part);
    if (end < 0) break;
    const word = rest[end]?.text.toUpperCase() as 'AND' | 'OR';
    if (join && join !== word) return null;
    join = word;
    rest = rest.slice(end + 1);
    if (rest.length === 0) return null;
  }
  return { join: join ?? 'AND', parts };
}

function partOf(part: readonly Token[]): Part | null {
  const texts = part.map((token) => token.text);
  const [first, ...others] = part;
  if (!first) return null;
  if (first.text.toUpperCase() === 'NOT') {
    const inner = partOf(others);
    if (inner?.operator === 'blank') return { ...inner, operator: 'filled' };
    return inner?.operator === 'true' ? { ...inner, operator: 'false' } : null;
  }
  if (first.text.toUpperCase() === 'ISBLANK' && part.length === 4 && part[2]?.kind === 'name' && texts[1] === '(' && texts[3] === ')') return { name: texts[2] ?? '', operator: 'blank', value: '' };
  if (first.kind !== 'name') return null;
  if (part.length === 1) return { name: first.text, operator: 'true', value: '' };
  const [sign, ...value] = others;
  if (!sign || !COMPARING.has(sign.text)) return null;
  const simple = (value.length === 1 && ['number', 'string', 'name'].includes(value[0]?.kind ?? '')) || (value.length === 3 && value[0]?.kind === 'function' && value[1]?.text === '(' && value[2]?.text === ')') || (value.length === 2 && value[0]?.text === '-' && value[1]?.kind === 'number');
  return simple ? { name: first.text, operator: sign.text as Operator, value: value.map((token) => token.text).join('') } : null;
}

/** Text as a formula writes it. */
export function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

export function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value;
}
