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
    const parts = partsOf(text);
    return (item) => typeof item === 'string' && glob(parts, [...item]);
  }
  const value = read(text);
  return (item) => same(item, value) || same(item, text);
}

function read(text: string): Value {
  return dayFromIso(text) ?? readNumber(text) ?? text;
}

/** `*` is any run of characters, `?` any one; plain ones are marked. Never worse than pattern × text. */
function glob(parts: readonly string[], text: readonly string[]): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let resume = 0;
  while (place < text.length) {
    if (parts[at] === '*') {
      star = at++;
      resume = place;
    } else if (parts[at] === '?' || parts[at] === `=${text[place]}`) {
      at++;
      place++;
    } else if (star >= 0) {
      place = ++resume;
      at = star + 1;
    } else {
      return false;
    }
  }
  return parts.slice(at).every((part) => part === '*');
}

function partsOf(pattern: string): string[] {
  const parts: string[] = [];
  let plain = false;
  for (const character of pattern) {
    if (!plain && character === '~') {
      plain = true;
      continue;
    }
    parts.push(!plain && (character === '*' || character === '?') ? character : `=${character}`);
    plain = false;
  }
  return parts;
}
