/** The shared vectors (tests/vectors/formula_README.md), read by pytest too: both evaluators give one answer. */
import { describe, expect, it } from 'vitest';
import excel from '../../../tests/vectors/formula_excel.json';
import ours from '../../../tests/vectors/formula.json';
import signatures from '../../../tests/vectors/formula_signatures.json';
import trees from '../../../tests/vectors/formula_trees.json';
import { NO_CONTEXT, compile, fromJson, recordFromJson, spell, type Context, type Env, type FormTypes, type Tree } from '.';
import { DAY_MS } from './days';
import { FUNCTIONS } from './functions';
import {
  DIV0, Day, Decimal, Duration, ErrorValue, LinkRef, Moment, Person, RecordValue, type Fetch, type Value,
} from './values';

type Row = Readonly<Record<string, unknown>>;
type File = { digits?: number; world?: World; groups: { about: string; cases: [string, unknown][] }[] };
interface World {
  context: {
    me: Named; initiator: Named; today: string; now: string; zone: string; roles: string[];
    calendar: { weekend: number[]; days_off: string[]; workdays: string[] };
    managers: Record<string, Named>; departments: Record<string, string>;
  };
  types: FormTypes;
  own: Row;
  row: Row & { form: string };
  target: Row & { form: string };
  records: Record<string, Record<string, Row>>;
}
type Named = { id: number; name: string };

const FILES = [ours, excel] as unknown as readonly File[];
const TREES = trees as unknown as Readonly<Record<string, Tree>>;

function days(iso: string): number {
  return Date.parse(`${iso}T00:00:00Z`) / DAY_MS;
}

function person(raw: Named | undefined): Person | null {
  return raw ? new Person(raw.id, raw.name) : null;
}

function contextOf({ context: raw }: World): Context {
  const climb = (from: Person, level: number): Person | null => {
    const next = person(raw.managers[String(from.id)]);
    return next && level > 1 ? climb(next, level - 1) : next;
  };
  return {
    me: person(raw.me),
    initiator: person(raw.initiator),
    today: new Day(days(raw.today)),
    now: new Moment(Date.parse(raw.now)),
    zone: raw.zone,
    roles: new Set(raw.roles),
    calendar: {
      weekend: new Set(raw.calendar.weekend),
      daysOff: new Set(raw.calendar.days_off.map(days)),
      workdays: new Set(raw.calendar.workdays.map(days)),
    },
    organisation: { manager: climb, department: (of) => raw.departments[String(of.id)] ?? null },
  };
}

function envOf(world: World): Env {
  const fetch: Fetch = (form, id) => {
    const raw = world.records[form]?.[String(id)];
    return raw ? recordFromJson(form, { id, ...raw }, world.types, fetch) : null;
  };
  const plain = recordFromJson('payment', world.own, world.types, fetch);
  return {
    own: new RecordValue('payment', plain.id, { ...plain.values, sick: DIV0 }, fetch),
    row: recordFromJson(world.row.form, world.row, world.types, fetch),
    target: recordFromJson(world.target.form, world.target, world.types, fetch),
    context: contextOf(world),
  };
}

const ALONE: Env = { own: new RecordValue('', null, {}), context: NO_CONTEXT };

/** A result the way that vectors write it. */
function tagged(value: Value): unknown {
  if (value instanceof Decimal) return { number: spell(value) };
  if (value instanceof Day) return { date: spell(value) };
  if (value instanceof Moment) return { datetime: spell(value) };
  if (value instanceof Duration) return { duration: value.ms };
  if (value instanceof ErrorValue) return { error: value.code };
  if (value instanceof Person) return { person: value.id };
  if (value instanceof RecordValue || value instanceof LinkRef) return { record: [value.form, value.id] };
  return Array.isArray(value) ? { list: (value as readonly Value[]).map(tagged) } : value;
}

function agrees(found: unknown, expected: unknown, digits: number | undefined): boolean {
  if (digits === undefined || !isNumber(found) || !isNumber(expected)) return false;
  const difference = new Decimal(found.number).minus(expected.number).abs();
  return difference.lte(new Decimal(expected.number).abs().times(`1e${1 - digits}`));
}

function isNumber(tag: unknown): tag is { number: string } {
  return typeof tag === 'object' && tag !== null && 'number' in tag;
}

for (const file of FILES) {
  const env = file.world ? envOf(file.world) : ALONE;
  for (const { about, cases } of file.groups) {
    describe(about, () => {
      it.each(cases)('%s', (formula, expected) => {
        const tree = TREES[formula];
        expect(tree, 'run python -m tests.vectors.refresh_formula').toBeDefined();
        const found = tagged(compile(tree!)(env));
        if (!agrees(found, expected, file.digits)) expect(found).toEqual(expected);
      });
    });
  }
}

describe('the registry', () => {
  it('declares the same signatures as Python', () => {
    const declared = Object.fromEntries([...FUNCTIONS.values()].map(({ name, signature }) => [name, signature]));
    expect(declared).toEqual(signatures);
  });

  it('has a vector for every function', () => {
    const used = new Set<string>();
    const visit = (tree: Tree | undefined): void => {
      if (!Array.isArray(tree)) return;
      used.add(String(tree[0]));
      (tree.slice(1) as Tree[]).forEach(visit);
    };
    Object.values(TREES).forEach(visit);
    expect([...FUNCTIONS.keys()].filter((name) => !used.has(name))).toEqual([]);
  });

  it('refuses a tree of a later release', () => {
    expect(() => compile(['TELEPORT', 1 as unknown as Tree])).toThrow('TELEPORT');
  });
});

describe('values from JSON', () => {
  it.each([
    ['number', '1.50', { number: '1.5' }],
    ['number', 'x', { error: '#VALUE!' }],
    ['number', '1e5', { error: '#VALUE!' }],
    ['date', '2026-02-30', { error: '#VALUE!' }],
    ['date', '2026-02-28', { date: '2026-02-28' }],
    ['record:item', 7, { record: ['item', 7] }],
    ['list:text', ['a'], { list: ['a'] }],
    ['text', null, null],
    ['location', {}, { error: '#VALUE!' }],
  ])('%s %j', (type, json, expected) => {
    expect(tagged(fromJson(type, json))).toEqual(expected);
  });
});
