/** Decimals as text: what people type, what a record holds (ADR 013), what is read. No binary floats anywhere. */
import { Decimal } from '../formula/values';

const SHAPE = /^(-?)(\d+)(?:\.(\d*))?$/;
const DIGITS = 18;

/** Full-width digits and signs, thousands separators, spaces and currency signs are how people write; the record has none. */
export function tidy(typed: string): string {
  return typed
    .replace(/[！-～]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace(/−/g, '-')
    .replace(/[\s,¥￥$€£]/g, '')
    .replace(/^\+/, '')
    .replace(/^(-?)\./, '$10.');
}

export type Reading =
  | { readonly text: string }
  | { readonly code: 'not_a_decimal' | 'too_many_decimals' | 'too_large' };

/** The one spelling at this scale, or why there is none. */
export function canonical(typed: string, scale: number): Reading {
  const shape = SHAPE.exec(tidy(typed));
  if (!shape) return { code: 'not_a_decimal' };
  const whole = (shape[2] ?? '').replace(/^0+(?=\d)/, '');
  const fraction = shape[3] ?? '';
  if (/[1-9]/.test(fraction.slice(scale))) return { code: 'too_many_decimals' };
  if (whole.length > DIGITS - scale) return { code: 'too_large' };
  const text = scale > 0 ? `${whole}.${fraction.slice(0, scale).padEnd(scale, '0')}` : whole;
  return { text: shape[1] && /[1-9]/.test(text) ? `-${text}` : text };
}

/** 1234567.50 → 1,234,567.50 */
export function grouped(text: string): string {
  const [whole = '', fraction] = text.split('.');
  const separated = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return fraction === undefined ? separated : `${separated}.${fraction}`;
}

/** Whether text is a plain decimal. */
export function isDecimal(json: unknown): json is string {
  return typeof json === 'string' && /^-?\d+(\.\d+)?$/.test(json);
}

/** Half away from zero, with exactly `scale` decimals. */
export function rounded(value: Decimal, scale: number): string {
  const text = value.toDecimalPlaces(scale, Decimal.ROUND_HALF_UP).toFixed(scale);
  return /[1-9]/.test(text) ? text : text.replace('-', '');
}

/** Moves the point: "0.0525" ⇄ "5.25". */
export function shifted(text: string, places: number, scale: number): string {
  return rounded(new Decimal(text).times(new Decimal(10).pow(places)), scale);
}

const decimalsOf = new Map<string, number>();

/** How many decimals amounts of a currency have. */
export function currencyDecimals(currency: string): number {
  let decimals = decimalsOf.get(currency);
  if (decimals === undefined) {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency });
    decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
    decimalsOf.set(currency, decimals);
  }
  return decimals;
}

/** ¥, $, … */
export function currencySign(currency: string): string {
  if (currency === 'CNY') return '¥';
  const parts = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).formatToParts(0);
  return parts.find((part) => part.type === 'currency')?.value ?? currency;
}

/** An amount for reading: ¥1,280.00; a negative one keeps its sign in front. */
export function amount(text: string, currency: string): string {
  const sign = currencySign(currency);
  return text.startsWith('-') ? `-${sign}${grouped(text.slice(1))}` : sign + grouped(text);
}
