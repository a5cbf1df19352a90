/** What a value counts as where a certain kind is wanted. Mirrors `coerce.py`. */
import { DAY_MS, offset } from './days';
import type { Env } from './env';
import { MAX_ITEMS } from './limits';
import { ONE, ZERO } from './numbers';
import { spell } from './spelling';
import { Day, Decimal, ErrorValue, Moment, NUM, Person, Place, VALUE, type Value } from './values';

export type Coercion = (value: Value, env: Env) => Value;

export function asNumber(value: Value): Decimal | ErrorValue {
  if (value instanceof Decimal) return value;
  if (value === null) return ZERO;
  if (typeof value === 'boolean') return value ? ONE : ZERO;
  return value instanceof ErrorValue ? value : VALUE;
}

export function asLogical(value: Value): boolean | ErrorValue {
  if (typeof value === 'boolean') return value;
  if (value === null) return false;
  if (value instanceof Decimal) return !value.isZero();
  return value instanceof ErrorValue ? value : VALUE;
}

/** A moment counts as its day in the workspace's zone. */
function asDate(value: Value, env: Env): Value {
  if (!(value instanceof Moment)) return asMoment(value);
  return new Day(Math.floor((value.ms + offset(value.ms, env.context.zone)) / DAY_MS));
}

function asMoment(value: Value): Value {
  return value === null || value instanceof Day || value instanceof Moment || value instanceof ErrorValue ? value : VALUE;
}

export function asList(value: Value): readonly Value[] | ErrorValue {
  if (value === null) return [];
  if (!Array.isArray(value)) return value instanceof ErrorValue ? value : [value];
  if (value.length > MAX_ITEMS) return NUM;
  const items = value as readonly Value[];
  return items.find((item): item is ErrorValue => item instanceof ErrorValue) ?? items;
}

const asIs: Coercion = (value) => value;
const asPerson: Coercion = (value) => (value === null || value instanceof Person || value instanceof ErrorValue ? value : VALUE);
const asPlace: Coercion = (value) => (value === null || value instanceof Place || value instanceof ErrorValue ? value : VALUE);

/** By the kind that a signature names. `raw` lets an error through to the function. */
export const COERCIONS: Readonly<Record<string, Coercion>> = {
  any: asIs,
  raw: asIs,
  number: asNumber,
  text: spell,
  logical: asLogical,
  date: asDate,
  moment: asMoment,
  instant: asMoment,
  person: asPerson,
  location: asPlace,
  list: asList,
  numbers: asList,
  orderables: asList,
};

/** Kinds for which a blank argument makes the whole call blank. */
export const BLANK_ANSWERS_BLANK: ReadonlySet<string> = new Set(['date', 'moment', 'instant', 'person', 'location']);
