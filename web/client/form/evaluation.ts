/**
 * What a form's values amount to: what is computed, hidden, required, wrong. The same trees run on the server, whose
 * word is final. A change works out only what hangs on it: a table of a thousand rows answers as one types.
 */
import type { Kinds } from '../fields/kind';
import { compile, fromJson, type Calendar, type Context, type Env, type Tree } from '../formula';
import { ErrorValue, Moment, Person, RecordValue, VALUE, type Fetch, type Value } from '../formula/values';
import type { Issue } from '../http';
import { dayOf } from './day';
import { constant, Graph, type Cell, type Readable } from './graph';
import { isBlank, rowsOf, type CalendarModel, type FieldModel, type Formula, type FormModel, type Json, type LinkedRecord, type RuleModel, type Values } from './model';
import { stored } from './stored';
import { words } from './words';

export type Linked = Readonly<Record<string, Readonly<Record<string, LinkedRecord>>>>;

type Row = Readonly<Record<string, Json>>;
type Run = (env: Env) => Value;
const compiled = new WeakMap<Formula, Run>();

/** Each formula becomes a closure once. */
function run(formula: Formula, env: Env): Value {
  let call = compiled.get(formula);
  if (!call) {
    call = compile(formula.tree as Tree);
    compiled.set(formula, call);
  }
  return call(env);
}

/** Values of fields that a new record, or a new row, starts with. */
export function defaults(model: FormModel, kinds: Kinds, fields: readonly FieldModel[], values: Values): Values {
  const evaluation = new Evaluation(model, kinds, values, model.linked ?? {});
  return Object.fromEntries(
    fields.flatMap((field) => {
      const json = field.default ? evaluation.defaultOf(field) : (field.config?.start ?? null);
      return isBlank(json) ? [] : [[field.key, json]];
    }),
  );
}

/** What is found wrong with one place; `at` is relative to it. */
interface Trouble {
  readonly at: string;
  readonly code: string;
  readonly detail: string;
}

const NONE: readonly Trouble[] = [];

/** One field in one place: the record, or one row. */
interface Spot {
  readonly field: FieldModel;
  readonly value: Readable<Value>;
  readonly hidden: Readable<boolean>;
  readonly required: Readable<boolean>;
  readonly troubles: Readable<readonly Trouble[]>;
  set(json: Json): void;
}

/** The fields of the record, or of a row, with the record that formulas see. */
class Place {
  readonly spots = new Map<string, Spot>();
  readonly record: RecordValue;
  readonly troubles: Cell<readonly Trouble[]>;

  constructor(
    evaluation: Evaluation,
    form: string,
    id: number | string | null,
    fields: readonly FieldModel[],
    public json: Values,
    isRow: boolean,
    rules: readonly RuleModel[],
  ) {
    const values: Record<string, Value> = {};
    this.record = new RecordValue(form, id, values, evaluation.fetch);
    const env = () => evaluation.env(isRow ? this.record : null);
    for (const field of fields) {
      const spot = evaluation.spot(field, json[field.key] ?? null, env);
      this.spots.set(field.key, spot);
      Object.defineProperty(values, field.key, { enumerable: true, get: () => spot.value.get() });
    }
    const broken = rules.map((rule) => evaluation.rule(rule, env));
    this.troubles = evaluation.graph.cell(() => this.look(broken));
  }

  /** Takes new values; what is the same object as before is passed over. */
  take(json: Values): void {
    if (json === this.json) return;
    for (const [key, spot] of this.spots) {
      const next = json[key] ?? null;
      if (next !== (this.json[key] ?? null)) spot.set(next);
    }
    this.json = json;
  }

  private look(broken: readonly (() => readonly Trouble[])[]): readonly Trouble[] {
    const found: Trouble[] = [];
    for (const [key, spot] of this.spots) for (const each of spot.troubles.get()) found.push({ ...each, at: `/${key}${each.at}` });
    for (const each of broken) found.push(...each());
    return found.length > 0 ? found : NONE;
  }
}

/** The rows of a table. A row is known again by being the same object, by its id, else by where it stands. */
class Table {
  readonly rows: Cell<readonly Place[]>;
  readonly troubles: Cell<readonly Trouble[]>;
  private places: readonly Place[];

  constructor(
    graph: Graph,
    private readonly make: (row: Row) => Place,
    json: Json,
  ) {
    this.places = rowsOf(json).map(make);
    this.rows = graph.cell(() => this.places);
    this.troubles = graph.cell(() => {
      const found = this.rows.get().flatMap((row, at) => row.troubles.get().map((each) => ({ ...each, at: `/${at}${each.at}` })));
      return found.length > 0 ? found : NONE;
    });
  }

  /** The list itself changes only where rows come, go or move: a changed cell is its row's affair. */
  take(json: Json): void {
    const next = rowsOf(json);
    const held = new Map(this.places.map((place) => [place.json, place]));
    const kept = next.map((row) => held.get(row as Values));
    const free = new Set(this.places);
    for (const place of kept) if (place) free.delete(place);
    const byId = new Map([...free].map((place) => [place.record.id, place]));
    const places = next.map((row, at) => {
      const id = (row.id as string | undefined) ?? null;
      const known = kept[at] ?? (id === null ? this.unnamed(at, free) : byId.get(id));
      if (!known) return this.make(row);
      free.delete(known);
      known.take(row as Values);
      return known;
    });
    if (places.length === this.places.length && places.every((place, at) => place === this.places[at])) return;
    this.places = places;
    this.rows.spoil();
  }

  private unnamed(at: number, free: ReadonlySet<Place>): Place | undefined {
    const place = this.places[at];
    return place && free.has(place) && place.record.id === null ? place : undefined;
  }
}

export class Evaluation {
  readonly graph = new Graph();
  private readonly context: Context;
  private readonly own: Place;
  private readonly tables = new Map<string, Table>();
  private readonly known: Cell<Linked>;

  constructor(
    private readonly model: FormModel,
    private readonly kinds: Kinds,
    values: Values,
    private linked: Linked,
  ) {
    this.context = contextOf(model);
    this.known = this.graph.cell(() => this.linked);
    this.own = new Place(this, model.form, model.record?.id ?? null, model.fields, values, false, model.rules ?? []);
  }

  /** What stands in the form now. */
  take(values: Values, linked: Linked): void {
    if (linked !== this.linked) {
      this.linked = linked;
      this.known.spoil();
    }
    this.own.take(values);
  }

  /** What a field with a formula computes to; undefined for others. */
  computed(pointer: string): Value | undefined {
    const spot = this.find(pointer);
    return spot?.field.formula && !spot.hidden.get() ? spot.value.get() : undefined;
  }

  isHidden(pointer: string): boolean {
    return this.find(pointer)?.hidden.get() ?? false;
  }

  isRequired(pointer: string): boolean {
    return this.find(pointer)?.required.get() ?? false;
  }

  /** Everything that is wrong, in the order of the form. */
  issues(): readonly Issue[] {
    const found = this.own.troubles.get();
    // Where a value was refused already, what hangs on it would tell one mistake twice.
    const refused = found.some(({ code }) => !RULES.has(code));
    return found.filter(({ code }) => !(refused && code === 'rule_error')).map(({ at, code, detail }) => ({ pointer: at, code, detail }));
  }

  defaultOf(field: FieldModel): Json {
    const given = field.default;
    if (!given) return null;
    if (!('tree' in given)) return given.value;
    const value = run(given, this.env(null));
    return value instanceof ErrorValue ? null : stored(value);
  }

  env(row: RecordValue | null): Env {
    return { own: this.own?.record, row, context: this.context };
  }

  readonly fetch: Fetch = (form, id) => {
    const found = this.known.get()[form]?.[String(id)];
    if (!found) {
      this.graph.miss();
      return null;
    }
    const types = this.model.types?.[form] ?? {};
    const values = Object.entries(found.values).map(([key, json]) => [key, isBlank(json) ? null : fromJson(types[key] ?? 'any', json)] as const);
    return new RecordValue(form, id, Object.fromEntries(values), this.fetch);
  };

  spot(field: FieldModel, first: Json, env: () => Env): Spot {
    const { graph } = this;
    const kind = this.kinds.get(field.type);
    const json = graph.cell<Json>(() => first);
    const table = field.fields ? this.table(field, first) : null;
    const formula = field.formula ? this.worked(field.formula, env) : null;
    const { visible, required: wanted } = field;
    const hidden = visible ? graph.cell(() => run(visible, env()) !== true) : constant(false);
    const finding = () => (isBlank(json.get()) ? null : (kind?.check?.(json.get(), field) ?? null));
    const value = graph.cell<Value>(() => {
      if (hidden.get()) return null; // what is not shown is blank, for formulas too
      if (formula) return formula();
      if (table) return table.rows.get().map((row) => row.record);
      if (isBlank(json.get())) return null;
      return finding() ? VALUE : (kind?.toValue(json.get(), field) ?? null);
    });
    const asked = Boolean(wanted) && !formula && field.access === 'write';
    const required = asked ? graph.cell(() => !hidden.get() && (wanted === true || run(wanted as Formula, env()) === true)) : constant(false);
    const rules = (field.rules ?? []).map((rule) => this.rule(rule, env));
    const holding = () => (rules.length > 0 ? rules.flatMap((broken) => broken()) : NONE);
    const troubles = graph.cell((): readonly Trouble[] => {
      if (hidden.get()) return NONE;
      if (formula) {
        if (rules.length === 0) return NONE;
        const worked = value.get();
        return worked === null || worked instanceof ErrorValue ? NONE : holding();
      }
      const inside = table ? table.troubles.get() : NONE;
      if (field.access !== 'write') return inside;
      if (isBlank(json.get())) return required.get() ? [trouble('required')] : NONE;
      const wrong = finding();
      if (wrong) return [...inside, { at: wrong.at ?? '', code: wrong.code, detail: words(wrong) }];
      return table ? inside : holding();
    });
    const set = (next: Json) => {
      json.become(() => next);
      table?.take(next);
    };
    return { field, value, hidden, required, troubles, set };
  }

  /** Asks a rule: what does not hold. */
  rule(rule: RuleModel, env: () => Env): () => readonly Trouble[] {
    // In a cell of its own: what it misses is its own affair.
    const cell = this.graph.cell(() => run(rule, env()));
    return () => {
      const value = cell.get();
      if (value === true || cell.missed) return NONE; // the server has the record that is missing, and asks
      if (value instanceof ErrorValue) return [trouble('rule_error')];
      return [{ at: '', code: 'rule_failed', detail: rule.message || words({ code: 'rule_failed' }) }];
    };
  }

  /** A formula's value; blank where it errs only for want of a record that the server has. */
  private worked(formula: Formula, env: () => Env): () => Value {
    const cell = this.graph.cell(() => run(formula, env()));
    return () => {
      const value = cell.get();
      return value instanceof ErrorValue && cell.missed ? null : value;
    };
  }

  private table(field: FieldModel, first: Json): Table {
    const form = `${this.model.form}.${field.key}`;
    const make = (row: Row) => new Place(this, form, (row.id as string | undefined) ?? null, field.fields ?? [], row as Values, true, field.rules ?? []);
    const table = new Table(this.graph, make, first);
    this.tables.set(field.key, table);
    return table;
  }

  private find(pointer: string): Spot | undefined {
    const [, key = '', row, column] = pointer.split('/');
    if (column === undefined) return row === undefined ? this.own.spots.get(key) : undefined;
    return this.tables.get(key)?.rows.get()[Number(row)]?.spots.get(column);
  }
}

const RULES: ReadonlySet<string> = new Set(['rule_failed', 'rule_error', 'required']);

function trouble(code: string): Trouble {
  return { at: '', code, detail: words({ code }) };
}

function contextOf(model: FormModel): Context {
  const { context, people } = model;
  const person = (id: number | null | undefined): Person | null =>
    id === null || id === undefined ? null : new Person(id, people?.[id]?.name ?? '');
  return {
    me: person(context.me),
    initiator: person(context.initiator ?? context.me),
    today: dayOf(context.today),
    now: new Moment(Date.parse(context.now)),
    roles: new Set(context.roles),
    calendar: calendarOf(context.calendar ?? null),
    organisation: null,
    zone: context.zone ?? 'Asia/Shanghai',
  };
}

function calendarOf(model: CalendarModel | null): Calendar | null {
  if (!model) return null;
  const days = (isos: readonly string[]): ReadonlySet<number> => new Set(isos.map((iso) => dayOf(iso).days));
  return { weekend: new Set(model.weekend), daysOff: days(model.days_off), workdays: days(model.workdays) };
}
