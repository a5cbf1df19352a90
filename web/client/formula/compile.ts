/** Shipped tree → closure, once. Mirrors `compiler.py`; the tree's shape is `form_engine/formula/tree.schema.json`. */
import { BLANK_ANSWERS_BLANK, COERCIONS } from './coerce';
import type { Env } from './env';
import { FUNCTIONS } from './functions';
import { MAX_ITEMS } from './limits';
import { bounded } from './numbers';
import { kindsOf, type Closure, type FunctionDef } from './signature';
import { Decimal, ErrorValue, LinkRef, NUM, REF, RecordValue, VALUE, type Value } from './values';

export type Tree =
  | string
  | boolean
  | null
  | { readonly n: string }
  | { readonly own: readonly string[] }
  | { readonly row: readonly string[] }
  | { readonly target: readonly string[] }
  | readonly [string, ...Tree[]];

/** The formula as a function of its environment. Throws only for a tree that this client does not know. */
export function compile(tree: Tree): Closure {
  if (tree === null || typeof tree !== 'object') return () => tree;
  if (isCall(tree)) return call(tree);
  if ('n' in tree) {
    const number = new Decimal(tree.n);
    return () => number;
  }
  if ('own' in tree) return name((env) => env.own, tree.own);
  if ('row' in tree) return name((env) => env.row ?? null, tree.row);
  return name((env) => env.target ?? null, tree.target);
}

/** The value of a formula that is needed once; keep `compile`'s closure for one that is needed again. */
export function evaluate(tree: Tree, env: Env): Value {
  return compile(tree)(env);
}

function isCall(tree: object): tree is readonly [string, ...Tree[]] {
  return Array.isArray(tree);
}

function call([name, ...args]: readonly [string, ...Tree[]]): Closure {
  const found = FUNCTIONS.get(name);
  if (!found) throw new Error(`unknown function ${name}`);
  const closures = args.map(compile);
  return found.lazy ? found.lazy(closures) : strict(found, closures);
}

function strict(found: FunctionDef, args: readonly Closure[]): Closure {
  const evaluate = found.evaluate!;
  const kinds = kindsOf(found);
  const parameters = args.map((arg, at) => {
    const kind = kinds[Math.min(at, kinds.length - 1)] ?? 'any';
    return { arg, coerce: COERCIONS[kind]!, needsValue: BLANK_ANSWERS_BLANK.has(kind), spreads: kind !== 'raw' };
  });
  return (env) => {
    const values: unknown[] = found.context ? [env.context] : [];
    for (const { arg, coerce, needsValue, spreads } of parameters) {
      const value = coerce(arg(env), env);
      if ((value === null && needsValue) || (spreads && value instanceof ErrorValue)) return value;
      values.push(value);
    }
    const result = evaluate(...values);
    return result instanceof Decimal ? bounded(result) : result;
  };
}

function name(root: (env: Env) => RecordValue | null, path: readonly string[]): Closure {
  const [first, ...rest] = path;
  if (first === undefined) return root;
  return (env) => {
    const start = root(env);
    if (start === null) return null;
    let value = field(start, first);
    for (const key of rest) {
      if (value === null) return null;
      value = step(value, key, start);
    }
    return value;
  };
}

function field(record: RecordValue, key: string): Value {
  return Object.hasOwn(record.values, key) ? (record.values[key] ?? null) : null;
}

/** The field `key` of a record, of what a link leads to, or of each item of a list (lists of lists are joined). */
function step(value: Value, key: string, start: RecordValue): Value {
  const record = value instanceof LinkRef ? (start.fetch(value.form, value.id) ?? REF) : value;
  if (record instanceof RecordValue) return field(record, key);
  if (!Array.isArray(record)) return record instanceof ErrorValue ? record : VALUE;
  const found: Value[] = [];
  for (const item of record as readonly Value[]) {
    const result = item === null ? null : step(item, key, start);
    if (Array.isArray(result)) found.push(...(result as readonly Value[]));
    else found.push(result);
    if (found.length > MAX_ITEMS) return NUM;
  }
  return found;
}
