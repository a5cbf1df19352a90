/**
 * Two changed one definition: what each changed against what both began with, put together. The server does the same
 * (`form_engine/evolution/merge.py`); both read `tests/vectors/merge.json`.
 */
import { same } from './definition';

type Json = unknown;
type Dict = Readonly<Record<string, Json>>;
const GONE = Symbol('gone');

export interface MergeConflict {
  readonly at: string;
  readonly base: Json;
  readonly mine: Json;
  readonly theirs: Json;
}

export interface Merged<T> {
  /** Both changes; where they clash, the `winner`'s. */
  readonly body: T;
  readonly conflicts: readonly MergeConflict[];
}

export function merge<T>(base: T, mine: T, theirs: T, winner: 'mine' | 'theirs' = 'theirs'): Merged<T> {
  const conflicts: MergeConflict[] = [];
  const body = put(base, mine, theirs, '', { conflicts, winner }) as T;
  return { body, conflicts };
}

interface Told {
  readonly conflicts: MergeConflict[];
  readonly winner: 'mine' | 'theirs';
}

function put(base: Json, mine: Json, theirs: Json, at: string, told: Told): Json {
  if (same(mine, theirs) || same(mine, base)) return theirs;
  if (same(theirs, base)) return mine;
  if (isDict(mine) && isDict(theirs)) return objects(isDict(base) ? base : {}, mine, theirs, at, told);
  if (isKeyed(mine) && isKeyed(theirs) && (base === GONE || isKeyed(base))) return lists(isKeyed(base) ? base : [], mine, theirs, at, told);
  if (isWords(mine) && isWords(theirs) && isWords(base)) return sets(base, mine, theirs);
  if (Array.isArray(mine) && Array.isArray(base) && Array.isArray(theirs) && base.length === mine.length && theirs.length === mine.length)
    return base.map((each, place) => put(each, mine[place], theirs[place], `${at}/${place}`, told));
  told.conflicts.push({ at, base: plain(base), mine: plain(mine), theirs: plain(theirs) });
  return told.winner === 'mine' ? mine : theirs;
}

function objects(base: Dict, mine: Dict, theirs: Dict, at: string, told: Told): Dict {
  const found: Record<string, Json> = {};
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(mine), ...Object.keys(base)])) {
    const value = put(sideOf(base, key), sideOf(mine, key), sideOf(theirs, key), `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, told);
    if (value !== GONE) found[key] = value;
  }
  return found;
}

type Keyed = readonly (Dict & { readonly key: string })[];

/** Elements by key. The order is theirs, unless only I changed it; what I added follows what it stood behind. */
function lists(base: Keyed, mine: Keyed, theirs: Keyed, at: string, told: Told): readonly Json[] {
  const byKey = (side: Keyed): ReadonlyMap<string, Dict> => new Map(side.map((each) => [each.key, each]));
  const [old, one, two] = [byKey(base), byKey(mine), byKey(theirs)];
  const theirOrder = same(common(two, old), common(old, two));
  const order = [...(theirOrder ? one : two).keys()];
  follow(order, [...(theirOrder ? two : one).keys()], () => true);
  const values = order.map((key) => put(old.get(key) ?? GONE, one.get(key) ?? GONE, two.get(key) ?? GONE, `${at}/${key}`, told));
  return values.filter((value) => value !== GONE);
}

/** Theirs, without what I took away and with what I added, behind what it stood behind. */
function sets(base: readonly string[], mine: readonly string[], theirs: readonly string[]): readonly string[] {
  const order = theirs.filter((each) => mine.includes(each) || !base.includes(each));
  follow(order, mine, (each) => !base.includes(each));
  return order;
}

/** Puts what is missing behind what it stands behind in `following`. */
function follow(order: string[], following: readonly string[], wanted: (each: string) => boolean): void {
  following.forEach((each, at) => {
    if (!wanted(each) || order.includes(each)) return;
    const before = following.slice(0, at).findLast((one) => order.includes(one));
    order.splice(before === undefined ? 0 : order.indexOf(before) + 1, 0, each);
  });
}

function common(side: ReadonlyMap<string, Json>, other: ReadonlyMap<string, Json>): string[] {
  return [...side.keys()].filter((key) => other.has(key));
}

function sideOf(side: Dict, key: string): Json {
  return Object.hasOwn(side, key) ? side[key] : GONE;
}

function plain(value: Json): Json {
  return value === GONE ? null : value;
}

function isDict(value: Json): value is Dict {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWords(value: Json): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string') && new Set(value).size === value.length;
}

function isKeyed(value: Json): value is Keyed {
  if (!Array.isArray(value) || !value.every((each) => isDict(each) && typeof each.key === 'string')) return false;
  return new Set(value.map((each: Dict) => each.key)).size === value.length;
}
