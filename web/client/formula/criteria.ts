/** Excel's criteria: `">=100"`, `"<>void"`, `"HT*"`. Mirrors `criteria.py`. */
import { order, same } from './comparison';
import { dayFromIso } from './days';
import { readNumber } from './numerals';
import { ErrorValue, type Value } from './values';

type Test = (item: Value) => boolean;

const HOLDS: Readonly<Record<string, (found: number) => boolean>> = {
  '<': (found) => found < 0,
  '<=': (found) => found <= 0,
  '>': (found) => found > 0,
  '>=': (found) => found >= 0,
};

/** Longer criteria, in code points, are `#VALUE!`, as in Excel. */
export const LONGEST_CRITERION = 255;

export function criterion(wanted: Value): Test {
  if (typeof wanted !== 'string') return (item) => same(item, wanted);
  const sign = /^(<=|>=|<>|<|>|=)/.exec(wanted)?.[0];
  const text = wanted.slice(sign?.length ?? 0);
  const holds = sign === undefined ? undefined : HOLDS[sign];
  if (holds) return ordered(read(text), holds);
  const equal = equalTo(text);
  return sign === '<>' ? (item) => !equal(item) : equal;
}

function ordered(bound: Value, holds: (found: number) => boolean): Test {
  return (item) => {
    const found = item === null ? null : order(item, bound);
    return found !== null && !(found instanceof ErrorValue) && holds(found);
  };
}

function equalTo(text: string): Test {
  if (/[*?]/.test(text)) {
    const matches = wildcard(text);
    return (item) => typeof item === 'string' && matches(item);
  }
  const value = read(text);
  return (item) => same(item, value) || same(item, text);
}

function read(text: string): Value {
  return dayFromIso(text) ?? readNumber(text) ?? text;
}

/** `*` is any run, `?` any one, `~` makes either plain. Pieces between stars are sought one after another. */
function wildcard(pattern: string): (text: string) => boolean {
  const pieces = piecesOf(pattern);
  const last = pieces.length - 1;
  const sought = pieces.map((piece, at) => new RegExp(`${at ? '' : '^'}${piece}${at === last ? '$' : ''}`, 'su'));
  return (text) => {
    let rest = text;
    for (const piece of sought) {
      const found = piece.exec(rest);
      if (!found) return false;
      rest = rest.slice(found.index + found[0].length);
    }
    return true;
  };
}

/** The pattern between its stars, as regular expressions of a fixed length. */
function piecesOf(pattern: string): string[] {
  const pieces = [''];
  let plain = false;
  for (const character of pattern) {
    if (plain || !'*?~'.includes(character)) {
      pieces[pieces.length - 1] += character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
      plain = false;
    } else if (character === '~') plain = true;
    else if (character === '?') pieces[pieces.length - 1] += '.';
    else pieces.push('');
  }
  return pieces;
}
