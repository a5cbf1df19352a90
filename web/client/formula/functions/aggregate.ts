/** Totals over lists and single values. Mirrors `functions/aggregate.py`. */
import { asNumber } from '../coerce';
import { order } from '../comparison';
import { LONGEST_CRITERION, criterion } from '../criteria';
import { plus } from '../moments';
import { ZERO, bounded } from '../numbers';
import { define, type FunctionDef } from '../signature';
import { DIV0, Day, Decimal, Duration, ErrorValue, Moment, NUM, RecordValue, VALUE, type Value } from '../values';

type Items = readonly Value[];

function present(lists: readonly Items[]): Value[] {
  return lists.flat().filter((item) => item !== null);
}

function numbers(lists: readonly Items[]): Decimal[] | ErrorValue {
  const found = present(lists).map(asNumber);
  return found.some((number) => number instanceof ErrorValue) ? VALUE : (found as Decimal[]);
}

/** Every step is bounded, so that a total which leaves the bounds and comes back is an error on both sides. */
function total(items: readonly Decimal[]): Decimal | ErrorValue {
  let sum: Decimal | ErrorValue = ZERO;
  for (const item of items) {
    sum = bounded(sum.plus(item));
    if (sum instanceof ErrorValue) return sum;
  }
  return sum;
}

function sum(...lists: Items[]): Value {
  const items = present(lists);
  if (items[0] instanceof Duration) {
    return items.slice(1).reduce((result, item) => (result instanceof Duration ? plus(result, item) : result), items[0]);
  }
  const found = numbers(lists);
  return found instanceof ErrorValue ? found : total(found);
}

function average(...lists: Items[]): Value {
  const found = numbers(lists);
  if (found instanceof ErrorValue) return found;
  if (!found.length) return DIV0;
  const sum = total(found);
  return sum instanceof ErrorValue ? sum : sum.div(found.length);
}

function median(...lists: Items[]): Value {
  const found = numbers(lists);
  if (found instanceof ErrorValue) return found;
  if (!found.length) return NUM;
  found.sort((left, right) => left.comparedTo(right));
  const middle = Math.floor(found.length / 2);
  return found.length % 2 ? found[middle]! : found[middle - 1]!.plus(found[middle]!).div(2);
}

/** The least (`wanted` -1) or the greatest (1) of what can be ordered; blank when there is nothing. */
function extreme(wanted: number): (...lists: Items[]) => Value {
  return (...lists) => {
    let best: Value = null;
    for (const item of present(lists)) {
      if (best === null) {
        if (item instanceof RecordValue) return VALUE;
        best = item;
        continue;
      }
      const found = order(item, best);
      if (found instanceof ErrorValue) return found;
      if (found === wanted) best = item;
    }
    return best;
  };
}

function count(...lists: Items[]): Value {
  const counts = (item: Value) =>
    item instanceof Decimal || item instanceof Day || item instanceof Moment || item instanceof Duration;
  return new Decimal(present(lists).filter(counts).length);
}

function tooLong(wanted: Value): boolean {
  return typeof wanted === 'string' && [...wanted].length > LONGEST_CRITERION;
}

function countIf(items: Items, wanted: Value): Value {
  return tooLong(wanted) ? VALUE : new Decimal(items.filter(criterion(wanted)).length);
}

function sumIf(items: Items, wanted: Value, amounts: Items = items): Value {
  if (amounts.length !== items.length || tooLong(wanted)) return VALUE;
  const holds = criterion(wanted);
  return sum(amounts.filter((_, at) => holds(items[at] ?? null)));
}

function sumProduct(first: Items, ...rest: Items[]): Value {
  if (rest.some((items) => items.length !== first.length)) return VALUE;
  const products: Decimal[] = [];
  for (let at = 0; at < first.length; at++) {
    let product: Decimal | ErrorValue | null = null;
    for (const items of [first, ...rest]) {
      const number = asNumber(items[at] ?? null);
      if (number instanceof ErrorValue) return VALUE;
      product = product === null ? number : bounded(product.times(number));
      if (product instanceof ErrorValue) return product;
    }
    products.push(product ?? ZERO);
  }
  return total(products);
}

export const aggregate: readonly FunctionDef[] = [
  define('SUM', 'numbers+ -> total', sum),
  define('AVERAGE', 'numbers+ -> total', average),
  define('MEDIAN', 'numbers+ -> total', median),
  define('MIN', 'orderables+ -> extreme', extreme(-1)),
  define('MAX', 'orderables+ -> extreme', extreme(1)),
  define('COUNT', 'list+ -> number', count),
  define('COUNTA', 'list+ -> number', (...lists: Items[]) => new Decimal(present(lists).length)),
  define('COUNTIF', 'list any -> number', countIf),
  define('SUMIF', 'list any numbers? -> sumif', sumIf),
  define('SUMPRODUCT', 'numbers+ -> number', sumProduct),
];
