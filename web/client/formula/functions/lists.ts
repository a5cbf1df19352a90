/** Lists. Mirrors `functions/lists.py`. */
import { asList, asLogical } from '../coerce';
import { identity, order } from '../comparison';
import type { Env } from '../env';
import { MAX_ITEMS } from '../limits';
import { ONE, whole } from '../numbers';
import { define, lazily, type Closure, type FunctionDef } from '../signature';
import { type Decimal, ErrorValue, LinkRef, NUM, REF, RecordValue, VALUE, type Value } from '../values';

type Items = readonly Value[];

function at(items: Items, position: Decimal): Value {
  const place = whole(position);
  return place >= 1 && place <= items.length ? items[place - 1]! : REF;
}

/** Each value once, where it came first. */
function unique(items: Items): Value {
  const kept = new Map<unknown, Value>();
  for (const item of items) {
    const key = identity(item);
    if (!kept.has(key)) kept.set(key, item);
  }
  return [...kept.values()];
}

/** Ascending, or descending with -1; equal items keep their places, blanks come last. */
function sort(items: Items, direction: Decimal = ONE): Value {
  const sign = direction.eq(1) ? 1 : direction.eq(-1) ? -1 : 0;
  if (!sign) return VALUE;
  const present = items.filter((item) => item !== null);
  if (present.some((item) => order(item, present[0] ?? null) instanceof ErrorValue)) return VALUE;
  present.sort((left, right) => {
    const found = order(left, right);
    return typeof found === 'number' ? sign * found : 0;
  });
  return [...present, ...items.filter((item) => item === null)];
}

/** `FILTER(rows, condition)` keeps rows; with a third argument it gives that of each row kept. */
function filter([rows, condition, result]: readonly Closure[]): Closure {
  return (env) => {
    const items = asList(rows!(env));
    if (items instanceof ErrorValue) return items;
    const found: Value[] = [];
    for (const item of items) {
      const row = record(item, env);
      if (row instanceof ErrorValue) return row;
      const inner = { ...env, row };
      const holds = asLogical(condition!(inner));
      if (holds instanceof ErrorValue) return holds;
      if (!holds) continue;
      const value = result ? result(inner) : item;
      if (Array.isArray(value)) found.push(...(value as Items));
      else found.push(value);
    }
    return found.length <= MAX_ITEMS ? found : NUM;
  };
}

function record(item: Value, env: Env): RecordValue | ErrorValue {
  if (item instanceof LinkRef) return env.own.fetch(item.form, item.id) ?? REF;
  return item instanceof RecordValue ? item : VALUE;
}

export const lists: readonly FunctionDef[] = [
  define('LIST', 'any* -> list', (...items: Value[]) => items),
  define('FIRST', 'list -> item', (items: Items) => items[0] ?? null),
  define('LAST', 'list -> item', (items: Items) => items[items.length - 1] ?? null),
  define('AT', 'list number -> item', at),
  define('UNIQUE', 'list -> items', unique),
  define('SORT', 'list number? -> items', sort),
  lazily('FILTER', 'list logical any? -> filter', filter),
];
