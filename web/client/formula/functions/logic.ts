/** Logic. Mirrors `functions/logic.py`. */
import { asLogical } from '../coerce';
import { same } from '../comparison';
import { define, lazily, type Closure, type FunctionDef } from '../signature';
import { ErrorValue, NA, type Value } from '../values';

function choose([condition, then, otherwise = () => false]: readonly Closure[]): Closure {
  return (env) => {
    const holds = asLogical(condition!(env));
    if (holds instanceof ErrorValue) return holds;
    return holds ? then!(env) : otherwise(env);
  };
}

function ifs(args: readonly Closure[]): Closure {
  return (env) => {
    for (let at = 0; at + 1 < args.length; at += 2) {
      const holds = asLogical(args[at]!(env));
      if (holds instanceof ErrorValue) return holds;
      if (holds) return args[at + 1]!(env);
    }
    return NA;
  };
}

function switchOver([subject, ...rest]: readonly Closure[]): Closure {
  const otherwise: Closure = rest.length % 2 ? rest[rest.length - 1]! : () => NA;
  return (env) => {
    const value = subject!(env);
    if (value instanceof ErrorValue) return value;
    for (let at = 0; at + 1 < rest.length; at += 2) {
      const candidate = rest[at]!(env);
      if (candidate instanceof ErrorValue) return candidate;
      if (same(value, candidate)) return rest[at + 1]!(env);
    }
    return otherwise(env);
  };
}

function ifError([attempt, otherwise]: readonly Closure[]): Closure {
  return (env) => {
    const value = attempt!(env);
    return value instanceof ErrorValue ? otherwise!(env) : value;
  };
}

function coalesce(args: readonly Closure[]): Closure {
  return (env) => {
    for (const arg of args) {
      const value = arg(env);
      if (value !== null) return value;
    }
    return null;
  };
}

export const logic: readonly FunctionDef[] = [
  lazily('IF', 'logical any any? -> if', choose),
  lazily('IFS', 'logical any+ -> ifs', ifs),
  lazily('SWITCH', 'any any any+ -> switch', switchOver),
  lazily('IFERROR', 'any any -> common', ifError),
  lazily('COALESCE', 'any any+ -> common', coalesce),
  define('ISBLANK', 'any -> logical', (value: Value) => value === null || (Array.isArray(value) && !value.length)),
  define('ISERROR', 'raw -> logical', (value: Value) => value instanceof ErrorValue),
  define('AND', 'logical+ -> logical', (...conditions: boolean[]) => conditions.every(Boolean)),
  define('OR', 'logical+ -> logical', (...conditions: boolean[]) => conditions.some(Boolean)),
  define('NOT', 'logical -> logical', (condition: boolean) => !condition),
];
