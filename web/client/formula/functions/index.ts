/** The one registry, a family a file. Mirrors `form_engine/formula/functions/`. */
import type { FunctionDef } from '../signature';
import { aggregate } from './aggregate';
import { dates } from './date';
import { lists } from './lists';
import { logic } from './logic';
import { math } from './math';
import { operators } from './operators';
import { people } from './people';
import { place } from './place';
import { text } from './text';

export const FUNCTIONS: ReadonlyMap<string, FunctionDef> = new Map(
  [operators, logic, math, aggregate, text, dates, lists, people, place].flat().map((found) => [found.name, found]),
);
