/** TEXT's patterns for numbers and dates. Mirrors `patterns.py`. */
import { DAY_MS, civil, offset } from './days';
import type { Context } from './env';
import { HALF_AWAY, ZERO, canonical, roundTo } from './numbers';
import { pad, spell } from './spelling';
import { Day, Decimal, Moment, VALUE, type Value } from './values';

const LONGEST = 100;
const NUMBER_PATTERN = /^([^#0,.%]*)([#0,]*)(?:\.(0*)(#*))?(%?)([^#0,.%]*)$/;
const DATE_PIECE = /"[^"]*"|y+|m+|d+|h+|s+|./gisu;

/** `value` by the pattern; a text comes back as it is. A pattern that is none of ours is `#VALUE!`. */
export function formatValue(context: Context, value: Value, pattern: string): Value {
  if ([...pattern].length > LONGEST) return VALUE;
  if (value instanceof Moment) return formatDate(value.ms + offset(value.ms, context.zone), pattern);
  if (value instanceof Day) return formatDate(value.days * DAY_MS, pattern);
  const number = value ?? ZERO;
  return number instanceof Decimal ? formatNumber(number, pattern) : spell(number);
}

export function formatNumber(number: Decimal, pattern: string): Value {
  const match = NUMBER_PATTERN.exec(pattern);
  if (!match || !(match[2] || match[3])) return VALUE;
  const [before, digits, fixed, free, percent, after] = match.slice(1).map((part) => part ?? '') as [string, string, string, string, string, string];
  const places = fixed.length + free.length;
  const rounded = roundTo(percent ? number.times(100) : number, places, HALF_AWAY);
  const [whole = '', point = ''] = canonical(rounded.abs()).split('.');
  let fraction = point.padEnd(places, '0');
  while (fraction.length > fixed.length && fraction.endsWith('0')) fraction = fraction.slice(0, -1);
  let shown = whole.replace(/^0+/, '').padStart(digits.split('0').length - 1, '0');
  if (digits.includes(',')) shown = shown.replace(/\B(?=(?:[0-9]{3})+$)/g, ',');
  const sign = rounded.isNegative() && !rounded.isZero() ? '-' : '';
  const dot = match[3] === undefined ? '' : '.';
  return `${sign}${plain(before)}${shown}${dot}${fraction}${percent}${plain(after)}`;
}

function plain(text: string): string {
  return text.replace(/"([^"]*)"/g, '$1');
}

function formatDate(wall: number, pattern: string): Value {
  const pieces = (pattern.match(DATE_PIECE) ?? []).map((piece) => (piece.startsWith('"') ? piece : piece.toLowerCase()));
  const minutes = minutePlaces(pieces);
  const parts = partsOf(wall);
  const spelled = pieces.map((piece, at) => datePiece(parts, piece, minutes.has(at)));
  return spelled.includes(null) ? VALUE : spelled.join('');
}

/** Where an `m` means minutes: after hours, or before seconds. */
function minutePlaces(pieces: readonly string[]): ReadonlySet<number> {
  const letters = pieces.flatMap((piece, at) => ('ymdhs'.includes(piece[0] ?? ' ') ? [{ at, letter: piece[0] }] : []));
  const isMinute = (here: number) => letters[here - 1]?.letter === 'h' || letters[here + 1]?.letter === 's';
  return new Set(letters.filter(({ letter }, here) => letter === 'm' && isMinute(here)).map(({ at }) => at));
}

type Parts = Readonly<Record<string, string>>;

function partsOf(wall: number): Parts {
  const { year, month, day } = civil(new Day(Math.floor(wall / DAY_MS)));
  const time = ((wall % DAY_MS) + DAY_MS) % DAY_MS;
  const [hour, minute, second] = [Math.floor(time / 3_600_000), Math.floor(time / 60_000) % 60, Math.floor(time / 1000) % 60];
  return {
    yyyy: pad(year, 4), yy: pad(year % 100), mm: pad(month), m: String(month), dd: pad(day), d: String(day),
    hh: pad(hour), h: String(hour), 'mm min': pad(minute), 'm min': String(minute), ss: pad(second), s: String(second),
  };
}

function datePiece(parts: Parts, piece: string, minutes: boolean): string | null {
  const part = parts[minutes ? `${piece} min` : piece];
  if (part !== undefined) return part;
  if (piece.startsWith('"') && piece.length > 1) return piece.slice(1, -1);
  return /^[a-z0-9"#%]/i.test(piece) ? null : piece;
}
