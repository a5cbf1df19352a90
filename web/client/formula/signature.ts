/** What a function declares about itself. Mirrors `signature.py`, whose signatures these must equal. */
import type { Env } from './env';
import type { Value } from './values';

export type Closure = (env: Env) => Value;

export interface FunctionDef {
  readonly name: string;
  /** `number number? -> number`: see `signature.py`. Only the parameters' kinds matter here. */
  readonly signature: string;
  /** Gets coerced arguments, as the signature says, and never sees an error unless the kind is `raw`. */
  readonly evaluate?: (...args: any[]) => Value;
  /** Builds a closure from the arguments' closures and decides itself what runs. */
  readonly lazy?: (args: readonly Closure[]) => Closure;
  /** The context comes before the arguments. */
  readonly context?: boolean;
}

export function define(name: string, signature: string, evaluate: NonNullable<FunctionDef['evaluate']>): FunctionDef {
  return { name, signature, evaluate };
}

export function withContext(name: string, signature: string, evaluate: NonNullable<FunctionDef['evaluate']>): FunctionDef {
  return { name, signature, evaluate, context: true };
}

export function lazily(name: string, signature: string, lazy: NonNullable<FunctionDef['lazy']>): FunctionDef {
  return { name, signature, lazy };
}

/** The kinds of the declared parameters; the last one repeats. */
export function kindsOf({ signature }: FunctionDef): readonly string[] {
  return signature.slice(0, signature.indexOf('->')).trim().split(/\s+/).map((word) => word.replace(/[?+*]$/, ''));
}
