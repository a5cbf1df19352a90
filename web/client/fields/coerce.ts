/**
 * Dirty text made clean, as far as a paste in the browser needs it; the server's rules (`fields/amounts.py`,
 * `fields/moments.py`) stand behind, and `tests/vectors/coercion.json` holds the two together.
 */
import { canonical, rounded, tidy } from '../form/decimal';
import { isDay, isoOf } from '../form/day';
import type { Json, OptionModel } from '../form/model';
import { Day, Decimal } from '../formula/values';

const BLANK = new Set('- -- --- / \\ . .. ... 无 没有 空 暂无 未知 未填 不详 待定 n/a na nil none null #n/a #null! nan 不适用'.split(' '));
const UNSEEN = /[\u200b-\u200f\u202a-\u202e\u2060\ufeff]/g;

/** Half-width, one kind of space and dash, nothing unseen. */
export function folded(text: string): string {
  return text
    .slice(0, 20_000)
    .replace(UNSEEN, '')
    .replace(/[‐‑‒–—―−﹣－ー]/g, '-')
    .normalize('NFKC')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Whether a cell says that there is nothing. */
export function saysNothing(text: string): boolean {
  const told = folded(text).toLowerCase();
  return told === '' || BLANK.has(told);
}

const SIGNS = /^([-+(]?)\s*(?:人民币|rmb|cny|¥|\$|€|£)\s*/;
const UNITS = /(?<=[0-9.)万千百亿kw])\s*(?:元整|圆整|元|圆|块|人民币|rmb|cny)$/;
const PERIOD = /\s*(?:\/|每)\s*(?:半年|双月|季度|季|月|年)$/;
const SCALES: Readonly<Record<string, number>> = { 百: 2, 千: 3, k: 3, 万: 4, w: 4, 百万: 6, 亿: 8 };

/** `￥1,200.00`, `1200元/月`, `0.02万`, `(350)`: a decimal of this scale; what is none stays as it was typed. */
export function amountOf(cell: string, scale: number, percent = false): Json {
  if (saysNothing(cell)) return null;
  let text = folded(cell).toLowerCase();
  const hundredth = text.endsWith('%');
  if (hundredth) text = text.slice(0, -1).trim();
  text = text.replace(PERIOD, '').replace(SIGNS, '$1').replace(UNITS, '');
  const grown = /(?<=[0-9.])\s*(百万|百|千|万|亿|k|w)$/.exec(text);
  if (grown) text = text.slice(0, grown.index);
  const negative = /^\(.*\)$/.test(text) || /^-/.test(text) || /-$/.test(text);
  let bare = text.replace(/^[-+(]\s*/, '').replace(/[-)]$/, '').trim();
  if (/^[0-9]{1,3}([, '][0-9]{3})+(\.[0-9]*)?$/.test(bare)) bare = bare.replace(/[, ']/g, '');
  if (!/^([0-9]+(\.[0-9]*)?|\.[0-9]+)$/.test(bare)) return cell.trim();
  let figure = new Decimal(tidy(bare).replace(/\.$/, '')).times(new Decimal(10).pow(SCALES[grown?.[1] ?? ''] ?? 0));
  if (hundredth || (percent && figure.gt(1))) figure = figure.div(100);
  const told = rounded(negative ? figure.neg() : figure, scale);
  return 'text' in canonical(told, scale) ? told : cell.trim();
}

const YEAR_FIRST = /^([0-9]{4}|[0-9]{2}) ?[年\-/.] ?([0-9]{1,2}) ?[月\-/.] ?([0-9]{1,2})(?: ?[日号])?(?![0-9])/;
const COMPACT = /^([0-9]{4})([0-9]{2})([0-9]{2})(?![0-9])/;
const EPOCH = Date.UTC(1899, 11, 30) / 86_400_000;

/** `2025年1月5日`, `25/1/5`, `20250105`, a spreadsheet's day number; what is none stays as it was typed. */
export function dateOf(cell: string): Json {
  if (saysNothing(cell)) return null;
  const text = folded(cell).toLowerCase();
  if (/^[1-9][0-9]{4}$/.test(text)) return isoOf(new Day(EPOCH + Number(text)));
  const found = YEAR_FIRST.exec(text) ?? COMPACT.exec(text);
  if (!found) return cell.trim();
  const [, year = '', month = '', day = ''] = found;
  const full = year.length === 4 ? year : String(Number(year) + (Number(year) < 69 ? 2000 : 1900));
  const iso = `${full}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  return isDay(iso) ? iso : cell.trim();
}

const TRUE = new Set('是 有 对 真 已 1 y yes true t on √ ✓ ✔ ☑ v'.split(' '));
const FALSE = new Set('否 无 没有 不 错 假 未 0 n no false f off × ✗ x'.split(' '));

export function yesOrNo(cell: string): Json {
  const told = folded(cell).toLowerCase();
  if (TRUE.has(told)) return true;
  return FALSE.has(told) ? false : null;
}

/** An option by key or label, whatever its width, spaces and case; what is none stays as it was typed. */
export function meant(cell: string, options: readonly OptionModel[]): Json {
  if (saysNothing(cell)) return null;
  const told = squeezed(cell);
  const offered = options.filter((option) => !option.retired);
  return (offered.find((option) => squeezed(option.key) === told) ?? offered.find((option) => squeezed(option.label) === told))?.key ?? cell.trim();
}

function squeezed(text: string): string {
  return folded(text).toLowerCase().replaceAll(' ', '');
}

const LETTERS: Readonly<Record<string, string>> = { O: '0', o: '0', Q: '0', D: '0', I: '1', l: '1', '|': '1', Z: '2', S: '5', B: '8' };

/** Full-width digits, and letters that were meant for digits. */
export function digitsOf(cell: string): string {
  return folded(cell).replace(/[OoQDIl|ZSB]/g, (letter) => LETTERS[letter] ?? letter);
}

/** One line of text, or nothing. */
export function lineOf(cell: string): Json {
  return saysNothing(cell) ? null : cell.replace(UNSEEN, '').replaceAll('\u00a0', ' ').replace(/\s*[\r\n]+\s*/g, ' ').trim();
}
