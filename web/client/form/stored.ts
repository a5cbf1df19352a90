/** A formula's value as the JSON that a record holds. */
import { Day, Decimal, LinkRef, Moment, Person, RecordValue, type Value } from '../formula/values';
import { isoMoment, isoOf } from './day';
import type { Json } from './model';

export function stored(value: Value): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof Decimal) return value.toFixed();
  if (value instanceof Day) return isoOf(value);
  if (value instanceof Moment) return isoMoment(value);
  if (value instanceof Person || value instanceof LinkRef || value instanceof RecordValue) return value.id;
  if (Array.isArray(value)) return (value as readonly Value[]).map(stored);
  return null;
}
