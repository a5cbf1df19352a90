/** Decimal arithmetic: 28 digits, half away from zero, exponent within ±100. Mirrors `numbers.py`. */
import { MAX_DIGITS, MAX_EXPONENT } from './limits';
import { DIV0, Decimal, ErrorValue, NUM, type Rounding } from './values';

/** Wide enough that rounding its results to 28 digits gives the correctly rounded power. */
const Wide = Decimal.clone({ precision: 60, minE: -99_999, maxE: 99_999 });

export const ZERO = new Decimal(0);
export const ONE = new Decimal(1);
export const HALF_AWAY = Decimal.ROUND_HALF_UP;
export const AWAY = Decimal.ROUND_UP;
export const TOWARD_ZERO = Decimal.ROUND_DOWN;

/** The number, or `#NUM!` past the bounds. */
export function bounded(number: Decimal): Decimal | ErrorValue {
  if (number.isZero()) return ZERO;
  return number.isFinite() && Math.abs(number.e) <= MAX_EXPONENT ? number : NUM;
}

/** The one spelling of a number: no exponent, no trailing zeros, no minus before zero. */
export function canonical(number: Decimal): string {
  return number.isZero() ? '0' : number.toFixed();
}

export function divide(dividend: Decimal, divisor: Decimal): Decimal | ErrorValue {
  return divisor.isZero() ? DIV0 : dividend.div(divisor);
}

/** `number` to so many decimal places; a negative count rounds to tens, hundreds. */
export function roundTo(number: Decimal, digits: number, rounding: Rounding): Decimal {
  if (digits >= number.decimalPlaces() && digits >= 0) return number;
  if (digits >= 0) return number.toDecimalPlaces(digits, rounding);
  if (-digits > number.e + 1 || number.isZero()) {
    if (rounding !== AWAY || number.isZero()) return ZERO;
    return new Decimal(`1e${Math.min(-digits, MAX_EXPONENT + 1)}`).times(number.s);
  }
  const unit = new Decimal(`1e${-digits}`);
  return number.div(unit).toDecimalPlaces(0, rounding).times(unit);
}

export function floor(number: Decimal): Decimal {
  return number.floor();
}

/** `number` cut to a whole one and kept within ±limit: a count, a position, a number of digits. */
export function whole(number: Decimal, limit = 1_000_000): number {
  return Math.trunc(Math.max(Math.min(number.toNumber(), limit), -limit));
}

/** What is left, with the divisor's sign; `#NUM!` where the quotient needs more digits than we carry. */
export function modulo(number: Decimal, divisor: Decimal): Decimal | ErrorValue {
  if (divisor.isZero()) return DIV0;
  if (!number.isZero() && number.e - divisor.e >= MAX_DIGITS - 1) return NUM;
  const left = number.mod(divisor);
  return !left.isZero() && left.isNegative() !== divisor.isNegative() ? left.plus(divisor) : left;
}

/** `base` to the power `exponent`, correctly rounded; 0^0 is `#NUM!`, as in Excel. */
export function power(base: Decimal, exponent: Decimal): Decimal | ErrorValue {
  if (base.isZero()) {
    if (exponent.gt(0)) return ZERO;
    return exponent.isZero() ? NUM : DIV0;
  }
  if (base.isNegative() && !exponent.isInteger()) return NUM;
  const result = new Wide(base).pow(new Wide(exponent));
  const inBounds = result.isFinite() && !result.isZero() && Math.abs(result.e) <= MAX_EXPONENT;
  return inBounds ? new Decimal(result.toSignificantDigits(MAX_DIGITS, HALF_AWAY)) : NUM;
}
