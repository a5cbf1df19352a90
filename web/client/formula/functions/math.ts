/** Arithmetic with names. Mirrors `functions/math.py`. */
import { AWAY, HALF_AWAY, ONE, TOWARD_ZERO, ZERO, floor, modulo, power, roundTo, whole } from '../numbers';
import { define, type FunctionDef } from '../signature';
import { DIV0, Decimal, ErrorValue, NUM, type Rounding } from '../values';

type Result = Decimal | ErrorValue;

function rounding(mode: Rounding): (number: Decimal, digits?: Decimal) => Result {
  return (number, digits = ZERO) => roundTo(number, whole(digits), mode);
}

function multipleBelow(number: Decimal, step: Decimal): Result {
  const left = modulo(number, step);
  return left instanceof ErrorValue ? left : number.minus(left);
}

/** The multiple of `step` at or above; with both negative, away from zero. */
function ceilingTo(number: Decimal, step: Decimal = ONE): Result {
  if (step.isZero() || number.isZero()) return ZERO;
  if (step.lt(0)) return number.gt(0) ? NUM : negated(ceilingTo(number.neg(), step.neg()));
  const below = multipleBelow(number, step);
  return below instanceof ErrorValue || below.eq(number) ? below : below.plus(step);
}

/** The multiple of `step` at or below; with both negative, toward zero. */
function floorTo(number: Decimal, step: Decimal = ONE): Result {
  if (number.isZero()) return ZERO;
  if (step.isZero()) return DIV0;
  if (step.lt(0)) return number.gt(0) ? NUM : negated(floorTo(number.neg(), step.neg()));
  return multipleBelow(number, step);
}

function negated(value: Result): Result {
  return value instanceof ErrorValue ? value : value.neg();
}

export const math: readonly FunctionDef[] = [
  define('ROUND', 'number number? -> amount', rounding(HALF_AWAY)),
  define('ROUNDUP', 'number number? -> amount', rounding(AWAY)),
  define('ROUNDDOWN', 'number number? -> amount', rounding(TOWARD_ZERO)),
  define('CEILING', 'number number? -> amount', ceilingTo),
  define('FLOOR', 'number number? -> amount', floorTo),
  define('INT', 'number -> amount', floor),
  define('MOD', 'number number -> amount', modulo),
  define('ABS', 'number -> amount', (number: Decimal) => number.abs()),
  define('SIGN', 'number -> number', (number: Decimal) => new Decimal(number.isZero() ? 0 : number.s)),
  define('POWER', 'number number -> number', power),
  define('SQRT', 'number -> number', (number: Decimal) => (number.lt(0) ? NUM : number.sqrt())),
];
