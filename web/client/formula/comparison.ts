/** Equality and order of values. Mirrors `comparison.py`. */
import { ZERO, canonical } from './numbers';
import { Day, Decimal, Duration, ErrorValue, LinkRef, Moment, Person, Place, RecordValue, VALUE, type Value } from './values';

/** `left = right`. Values of different kinds are different; a link equals the record that it leads to. */
export function same(left: Value, right: Value): boolean {
  if (left === null || right === null) {
    const other = left ?? right;
    return other === null || other === '' || (other instanceof Decimal && other.isZero());
  }
  if (Array.isArray(left)) {
    return Array.isArray(right) && left.length === right.length && left.every((item, at) => same(item, right[at] ?? null));
  }
  return left === right || identity(left) === identity(right);
}

/** A key that two values share exactly when they are the same, blanks and lists aside. */
export function identity(value: Value): unknown {
  if (typeof value === 'string') return `t${value}`;
  if (value instanceof Decimal) return `n${canonical(value)}`;
  if (value instanceof Day) return `d${value.days}`;
  if (value instanceof Moment) return `m${value.ms}`;
  if (value instanceof Duration) return `l${value.ms}`;
  if (value instanceof Person) return `p${typeof value.id}${value.id}`;
  if (value instanceof Place) return `g${canonical(value.latitude)},${canonical(value.longitude)},${value.crs}`;
  if ((value instanceof LinkRef || value instanceof RecordValue) && value.id !== null) {
    return `r${value.form}/${typeof value.id}${value.id}`;
  }
  return value;
}

/** -1, 0 or 1; null where a blank meets a date and there is no order; `#VALUE!` between kinds that have none. */
export function order(left: Value, right: Value): number | null | ErrorValue {
  if (left === null && right === null) return 0;
  if (left === null || right === null) {
    const other = left ?? right;
    if (other instanceof Day || other instanceof Moment || other instanceof Duration) return null;
    const substitute = typeof other === 'string' ? '' : typeof other === 'boolean' ? false : ZERO;
    return left === null ? order(substitute, right) : order(left, substitute);
  }
  if (left instanceof Decimal) return right instanceof Decimal ? left.comparedTo(right) : VALUE;
  if (typeof left === 'string') return typeof right === 'string' ? compareText(left, right) : VALUE;
  if (typeof left === 'boolean') return typeof right === 'boolean' ? Number(left) - Number(right) : VALUE;
  if (left instanceof Day) return right instanceof Day ? Math.sign(left.days - right.days) : VALUE;
  if (left instanceof Moment) return right instanceof Moment ? Math.sign(left.ms - right.ms) : VALUE;
  if (left instanceof Duration) return right instanceof Duration ? Math.sign(left.ms - right.ms) : VALUE;
  return VALUE;
}

/** By code points, which UTF-16 units beyond U+D7FF do not follow. */
export function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const here = left.charCodeAt(at);
    const there = right.charCodeAt(at);
    if (here !== there) return Math.sign(rank(here) - rank(there));
  }
  return Math.sign(left.length - right.length);
}

function rank(unit: number): number {
  return unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
