/** Text; positions and lengths count code points, from 1. Mirrors `functions/text.py`. */
import { MAX_TEXT } from '../limits';
import { ONE, ZERO, whole } from '../numbers';
import { capitalAmount, readNumber } from '../numerals';
import { formatValue } from '../patterns';
import { define, withContext, type FunctionDef } from '../signature';
import { spell } from '../spelling';
import { Decimal, ErrorValue, VALUE, type Value } from '../values';
import { codePoints, join } from './operators';

type Items = readonly Value[];

function textJoin(separator: string, skipEmpty: boolean, ...lists: Items[]): Value {
  const parts: Value[] = [];
  for (const item of lists.flat()) {
    const text = spell(item);
    if (text === '' && skipEmpty) continue;
    if (parts.length) parts.push(separator);
    parts.push(text);
  }
  return join(parts);
}

function left(text: string, count: Decimal = ONE): Value {
  return count.lt(0) ? VALUE : [...text].slice(0, whole(count)).join('');
}

function right(text: string, count: Decimal = ONE): Value {
  if (count.lt(0)) return VALUE;
  const points = [...text];
  return points.slice(Math.max(points.length - whole(count), 0)).join('');
}

function mid(text: string, start: Decimal, count: Decimal): Value {
  if (start.lt(1) || count.lt(0)) return VALUE;
  const first = whole(start) - 1;
  return [...text].slice(first, first + whole(count)).join('');
}

function substitute(text: string, old: string, replacement: string, occurrence?: Decimal): Value {
  if (!old) return text;
  if (occurrence !== undefined) return substituteOne(text, old, replacement, occurrence);
  const pieces = text.split(old);
  const length = codePoints(text) + (pieces.length - 1) * (codePoints(replacement) - codePoints(old));
  return length > MAX_TEXT ? VALUE : pieces.join(replacement);
}

function substituteOne(text: string, old: string, replacement: string, occurrence: Decimal): Value {
  if (occurrence.lt(1)) return VALUE;
  let place = -old.length;
  for (let count = whole(occurrence); count > 0; count--) {
    place = text.indexOf(old, place + old.length);
    if (place < 0) return text;
  }
  const replaced = text.slice(0, place) + replacement + text.slice(place + old.length);
  return codePoints(replaced) <= MAX_TEXT ? replaced : VALUE;
}

function find(needle: string, text: string, start: Decimal = ONE): Value {
  const points = [...text];
  const first = whole(start) - 1;
  if (first < 0 || first > points.length) return VALUE;
  const skipped = points.slice(0, first).join('');
  const place = text.indexOf(needle, skipped.length);
  return place < 0 ? VALUE : new Decimal(codePoints(text.slice(0, place)) + 1);
}

/** Whether one of these words stands in the text; blanks among them count for nothing. */
function containsAny(given: string, ...lists: Items[]): boolean {
  return lists.flat().some((item) => {
    const word = spell(item);
    return typeof word === 'string' && word !== '' && given.includes(word);
  });
}

function value(given: Value): Value {
  if (given === null) return ZERO;
  if (typeof given === 'string') return readNumber(given) ?? VALUE;
  return given instanceof Decimal || given instanceof ErrorValue ? given : VALUE;
}

export const text: readonly FunctionDef[] = [
  define('CONCAT', 'list+ -> text', (...lists: Items[]) => join(lists.flat())),
  define('TEXTJOIN', 'text logical list+ -> text', textJoin),
  define('LEFT', 'text number? -> text', left),
  define('RIGHT', 'text number? -> text', right),
  define('MID', 'text number number -> text', mid),
  define('LEN', 'text -> number', (given: string) => new Decimal(codePoints(given))),
  define('TRIM', 'text -> text', (given: string) => given.split(' ').filter(Boolean).join(' ')),
  define('UPPER', 'text -> text', (given: string) => given.toUpperCase()),
  define('LOWER', 'text -> text', (given: string) => given.toLowerCase()),
  define('SUBSTITUTE', 'text text text number? -> text', substitute),
  define('FIND', 'text text number? -> number', find),
  define('CONTAINS', 'text text -> logical', (given: string, part: string) => given.includes(part)),
  define('CONTAINSANY', 'text list+ -> logical', containsAny),
  define('STARTSWITH', 'text text -> logical', (given: string, prefix: string) => given.startsWith(prefix)),
  define('VALUE', 'any -> number', value),
  withContext('TEXT', 'any text -> text', formatValue),
  define('RMB', 'number -> text', capitalAmount),
];
