/** Adding to and subtracting from dates, moments and durations. Mirrors `moments.py`. */
import { DAY_MS, dayInRange, momentInRange } from './days';
import { HALF_AWAY, floor, roundTo } from './numbers';
import { Day, Decimal, Duration, ErrorValue, Moment, NUM, VALUE, type Value } from './values';

const LONGEST_MS = 100_000_000 * DAY_MS;
const Wide = Decimal.clone({ precision: 60 });

/** A duration of so many milliseconds, rounded; `#NUM!` past a hundred million days. */
export function lengthOf(ms: Decimal): Duration | ErrorValue {
  const rounded = roundTo(ms, 0, HALF_AWAY).toNumber();
  return Math.abs(rounded) <= LONGEST_MS ? new Duration(rounded + 0) : NUM;
}

/** `left + right` where at least one is a date, a moment or a duration. */
export function plus(left: Value, right: Value): Value {
  const swap = isLength(left) && !isLength(right);
  return swap ? moved(right, left, 1) : moved(left, right, 1);
}

/** `left - right` where at least one is a date, a moment or a duration. */
export function minus(left: Value, right: Value): Value {
  if (left instanceof Moment && right instanceof Moment) return new Duration(left.ms - right.ms);
  if (left instanceof Day && right instanceof Day) return new Decimal(left.days - right.days);
  return moved(left, right, -1);
}

function isLength(value: Value): boolean {
  return value instanceof Decimal || value instanceof Duration;
}

function moved(start: Value, by: Value, sign: number): Value {
  if (start instanceof Moment) {
    if (by instanceof Duration) return momentInRange(start.ms + sign * by.ms);
    if (!(by instanceof Decimal)) return VALUE;
    const length = lengthOf(new Decimal(new Wide(by).times(sign * DAY_MS)));
    return length instanceof ErrorValue ? length : momentInRange(start.ms + length.ms);
  }
  if (start instanceof Day && by instanceof Decimal) return dayInRange(start.days + floor(by.times(sign)).toNumber());
  if (start instanceof Duration && by instanceof Duration) return lengthOf(new Decimal(start.ms).plus(sign * by.ms));
  return VALUE;
}
