/** The operators. Mirrors `functions/operators.py`. */
import { asList, asNumber } from '../coerce';
import { order, same } from '../comparison';
import { MAX_TEXT } from '../limits';
import { lengthOf, minus, plus } from '../moments';
import { bounded, divide, power } from '../numbers';
import { define, lazily, type Closure, type FunctionDef } from '../signature';
import { spell } from '../spelling';
import { DIV0, Day, Decimal, Duration, ErrorValue, Moment, VALUE, type Value } from '../values';

type Step = (left: Decimal, right: Decimal) => Decimal | ErrorValue;
type Otherwise = (left: Value, right: Value) => Value;

function arithmetic(step: Step, otherwise: Otherwise): (args: readonly Closure[]) => Closure {
  const apply = (left: Value, right: Value): Value => {
    if (left instanceof ErrorValue) return left;
    if (right instanceof ErrorValue) return right;
    if (isDated(left) || isDated(right)) {
      const result = otherwise(left === null ? asNumber(left) : left, right === null ? asNumber(right) : right);
      return result instanceof Decimal ? bounded(result) : result;
    }
    const first = asNumber(left);
    const second = asNumber(right);
    if (first instanceof ErrorValue) return first;
    if (second instanceof ErrorValue) return second;
    const result = step(first, second);
    return result instanceof Decimal ? bounded(result) : result;
  };
  return ([first, ...rest]) => (env) => rest.reduce<Value>((result, operand) => apply(result, operand(env)), first!(env));
}

function isDated(value: Value): boolean {
  return value instanceof Day || value instanceof Moment || value instanceof Duration;
}

function times(left: Value, right: Value): Value {
  if (left instanceof Duration && right instanceof Decimal) return lengthOf(right.times(left.ms));
  if (right instanceof Duration && left instanceof Decimal) return lengthOf(left.times(right.ms));
  return VALUE;
}

function over(left: Value, right: Value): Value {
  if (!(left instanceof Duration)) return VALUE;
  if (right instanceof Duration) return right.ms ? new Decimal(left.ms).div(right.ms) : DIV0;
  if (!(right instanceof Decimal)) return VALUE;
  return right.isZero() ? DIV0 : lengthOf(new Decimal(left.ms).div(right));
}

const subtract = arithmetic((left, right) => left.minus(right), minus);

function negateOrSubtract(args: readonly Closure[]): Closure {
  if (args.length > 1) return subtract(args);
  const operand = args[0]!;
  return (env) => {
    const value = operand(env);
    if (value instanceof Duration) return new Duration(0 - value.ms);
    const number = asNumber(value);
    return number instanceof Decimal ? bounded(number.neg()) : number;
  };
}

/** Where dates take part, a blank anywhere makes the whole blank. */
function dated(combine: Otherwise): (args: readonly Closure[]) => Closure {
  return (args) => (env) => {
    const values = args.map((arg) => arg(env));
    const error = values.find((value) => value instanceof ErrorValue);
    if (error !== undefined) return error;
    let result = values[0] ?? null;
    for (const value of values.slice(1)) {
      if (result instanceof ErrorValue) return result;
      if (result === null || value === null) return null;
      result = combine(result, value);
    }
    return result;
  };
}

function datedMinus(left: Value, right: Value): Value {
  return left instanceof Decimal && right instanceof Decimal ? bounded(left.minus(right)) : minus(left, right);
}

function equality(wanted: boolean): (args: readonly Closure[]) => Closure {
  return ([first, second]) => (env) => {
    const left = first!(env);
    const right = second!(env);
    if (left instanceof ErrorValue) return left;
    if (right instanceof ErrorValue) return right;
    return same(left, right) === wanted;
  };
}

function ordering(holds: (found: number) => boolean): (args: readonly Closure[]) => Closure {
  return ([first, second]) => (env) => {
    const left = first!(env);
    const right = second!(env);
    if (left instanceof ErrorValue) return left;
    if (right instanceof ErrorValue) return right;
    const found = order(left, right);
    return found instanceof ErrorValue ? found : found !== null && holds(found);
  };
}

function isIn([needle, haystack]: readonly Closure[]): Closure {
  return (env) => {
    const value = needle!(env);
    const items = asList(haystack!(env));
    if (value instanceof ErrorValue) return value;
    return items instanceof ErrorValue ? items : items.some((item) => same(value, item));
  };
}

/** The parts spelled one after another; the first error among them wins, too long a text is `#VALUE!`. */
export function join(parts: readonly Value[]): Value {
  const spelled: string[] = [];
  let length = 0;
  for (const part of parts) {
    const text = spell(part);
    if (text instanceof ErrorValue) return text;
    spelled.push(text);
    length += codePoints(text);
  }
  return length <= MAX_TEXT ? spelled.join('') : VALUE;
}

/** How many code points a text has. */
export function codePoints(text: string): number {
  let count = text.length;
  for (let at = 1; at < text.length; at++) {
    if (isLow(text.charCodeAt(at)) && isHigh(text.charCodeAt(at - 1))) count--;
  }
  return count;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

export const operators: readonly FunctionDef[] = [
  lazily('+', 'any any+ -> plus', arithmetic((left, right) => left.plus(right), plus)),
  lazily('-', 'any any* -> minus', negateOrSubtract),
  lazily('*', 'any any+ -> times', arithmetic((left, right) => left.times(right), times)),
  lazily('/', 'any any+ -> over', arithmetic(divide, over)),
  lazily('^', 'number number+ -> number', arithmetic(power, () => VALUE)),
  define('%', 'number -> number', (number: Decimal) => number.div(100)),
  lazily('date+', 'any any+ -> plus', dated(plus)),
  lazily('date-', 'any any+ -> minus', dated(datedMinus)),
  lazily('&', 'text text+ -> text', (args) => (env) => join(args.map((arg) => arg(env)))),
  lazily('=', 'any any -> equality', equality(true)),
  lazily('<>', 'any any -> equality', equality(false)),
  lazily('<', 'any any -> ordering', ordering((found) => found < 0)),
  lazily('<=', 'any any -> ordering', ordering((found) => found <= 0)),
  lazily('>', 'any any -> ordering', ordering((found) => found > 0)),
  lazily('>=', 'any any -> ordering', ordering((found) => found >= 0)),
  lazily('IN', 'any list -> membership', isIn),
];
