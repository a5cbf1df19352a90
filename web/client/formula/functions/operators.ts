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
      const result = otherwise(beside(left, right), beside(right, left));
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

/** What a blank or a logical counts as next to a date or a duration. */
function beside(value: Value, other: Value): Value {
  if (value === null && other instanceof Duration) return new Duration(0);
  return value === null || typeof value === 'boolean' ? asNumber(value) : value;
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

/** What a date is moved by: a blank is no days at all. */
function move(combine: Otherwise): (start: Value, by: Value) => Value {
  return (start, by) => {
    const step = by instanceof Duration ? by : asNumber(by);
    return step instanceof ErrorValue ? step : combine(start, step);
  };
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
  define('date+', 'instant any -> plus', move(plus)),
  define('date-', 'instant any -> minus', move(minus)),
  define('days-', 'instant instant -> minus', minus),
  lazily('&', 'text text+ -> text', (args) => (env) => join(args.map((arg) => arg(env)))),
  lazily('=', 'any any -> equality', equality(true)),
  lazily('<>', 'any any -> equality', equality(false)),
  lazily('<', 'any any -> ordering', ordering((found) => found < 0)),
  lazily('<=', 'any any -> ordering', ordering((found) => found <= 0)),
  lazily('>', 'any any -> ordering', ordering((found) => found > 0)),
  lazily('>=', 'any any -> ordering', ordering((found) => found >= 0)),
  lazily('IN', 'any list -> membership', isIn),
];
