/** The formula language in the browser: an evaluator of shipped trees and no parser (docs/decisions/010). */
export { compile, evaluate, type Tree } from './compile';
export { NO_CONTEXT, type Calendar, type Context, type Env, type Organisation } from './env';
export { fromJson, recordFromJson, type FormTypes } from './json';
export type { Closure } from './signature';
export { spell, toText } from './spelling';
export * from './values';
