/**
 * One look at a form with its values: what is computed, hidden, required, wrong.
 * Pure; the same trees run on the server, whose word is final.
 */
import type { Kinds } from '../fields/kind';
import { compile, fromJson, type Context, type Env, type Tree } from '../formula';
import { ErrorValue, Moment, Person, REF, RecordValue, VALUE, type Fetch, type Value } from '../formula/values';
import type { Issue } from '../http';
import { dayOf } from './day';
import { isBlank, rowsOf, type FieldModel, type Formula, type FormModel, type Json, type LinkedRecord, type Values } from './model';
import { stored } from './stored';
import { words } from './words';

export type Linked = Readonly<Record<string, Readonly<Record<string, LinkedRecord>>>>;

export interface Look {
  /** What a pointer computes to, for fields with a formula. */
  readonly computed: ReadonlyMap<string, Value>;
  readonly hidden: ReadonlySet<string>;
  readonly required: ReadonlySet<string>;
  readonly issues: readonly Issue[];
}

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

export function look(model: FormModel, values: Values, linked: Linked, kinds: Kinds): Look {
  return new Looker(model, values, linked, kinds).look();
}

/** Values of fields that a new record starts with. */
export function defaults(model: FormModel, kinds: Kinds, fields: readonly FieldModel[], values: Values): Values {
  const looker = new Looker(model, values, model.linked ?? {}, kinds);
  return Object.fromEntries(
    fields.flatMap((field) => {
      const json = field.default ? looker.defaultOf(field) : (field.config?.start ?? null);
      return isBlank(json) ? [] : [[field.key, json]];
    }),
  );
}

class Looker {
  private readonly computed = new Map<string, Value>();
  private readonly hidden = new Set<string>();
  private readonly required = new Set<string>();
  private readonly issues: Issue[] = [];
  private readonly context: Context;
  private readonly own: RecordValue;
  private readonly rows = new Map<string, RecordValue>();
  private refusedValue = false;
  /** A linked record was asked for that this page does not have: what errs for that is not known, rather than wrong. */
  private missed = false;

  constructor(
    private readonly model: FormModel,
    private readonly values: Values,
    private readonly linked: Linked,
    private readonly kinds: Kinds,
  ) {
    this.context = contextOf(model);
    this.own = this.record(model.form, model.record?.id ?? null, model.fields, values, '', () => ({ own: this.own, context: this.context }));
  }

  look(): Look {
    for (const field of this.model.fields) this.field(field, this.values[field.key] ?? null, `/${field.key}`, this.env());
    for (const rule of this.model.rules ?? []) this.rule(rule, '', this.env());
    return { computed: this.computed, hidden: this.hidden, required: this.required, issues: this.issues };
  }

  defaultOf(field: FieldModel): Json {
    const given = field.default;
    if (!given) return null;
    if (!('tree' in given)) return given.value;
    const value = run(given, this.env());
    return value instanceof ErrorValue ? null : stored(value);
  }

  private env(row: RecordValue | null = null): Env {
    return { own: this.own, row, context: this.context };
  }

  /** A record whose formula fields are worked out when somebody asks, once; a circle is an error value. */
  private record(form: string, id: number | string | null, fields: readonly FieldModel[], json: Values, at: string, env: () => Env): RecordValue {
    const values: Record<string, Value> = {};
    for (const field of fields) {
      const pointer = `${at}/${field.key}`;
      const own = json[field.key] ?? null;
      const work = (): Value => {
        if (field.formula) return this.keep(pointer, this.known(field.formula, env()));
        return field.type === 'table' ? this.tableRows(field, own, pointer) : this.value(field, own);
      };
      // What is not shown is blank, for formulas too.
      lazy(values, field.key, () => (field.visible && !truthy(run(field.visible, env())) ? null : work()));
    }
    return new RecordValue(form, id, values, this.fetch);
  }

  /** A formula's value; blank where it errs only for want of a record that the server has. */
  private known(formula: Formula, env: Env): Value {
    this.missed = false;
    const value = run(formula, env);
    return value instanceof ErrorValue && this.missed ? null : value;
  }

  private keep(pointer: string, value: Value): Value {
    this.computed.set(pointer, value);
    return value;
  }

  private tableRows(field: FieldModel, json: Json, pointer: string): readonly Value[] {
    return rowsOf(json).map((row, at) => {
      const place = `${pointer}/${at}`;
      const record: RecordValue = this.record(
        `${this.model.form}.${field.key}`, (row.id as string | undefined) ?? null, field.fields ?? [], row, place, () => this.env(record),
      );
      this.rows.set(place, record);
      return record;
    });
  }

  private value(field: FieldModel, json: Json): Value {
    if (isBlank(json)) return null;
    if (this.kinds.get(field.type)?.check?.(json, field)) return VALUE;
    return this.kinds.get(field.type)?.toValue(json, field) ?? null;
  }

  private readonly fetch: Fetch = (form, id) => {
    const found = this.linked[form]?.[String(id)];
    if (!found) {
      this.missed = true;
      return null;
    }
    const types = this.model.types?.[form] ?? {};
    const values = Object.entries(found.values).map(([key, json]) => [key, isBlank(json) ? null : fromJson(types[key] ?? 'any', json)] as const);
    return new RecordValue(form, id, Object.fromEntries(values), this.fetch);
  };

  private field(field: FieldModel, json: Json, pointer: string, env: Env): void {
    if (field.visible && !truthy(run(field.visible, env))) {
      this.hidden.add(pointer);
      return;
    }
    if (field.formula) {
      const worked = (env.row ?? this.own).values[field.key] ?? null; // and into `computed`
      if (worked !== null && !(worked instanceof ErrorValue)) this.rules(field, pointer, env);
      return;
    }
    if (field.type === 'table') this.table(field, json, pointer);
    if (field.access !== 'write') return;
    if (field.required === true || (field.required && truthy(run(field.required, env)))) this.required.add(pointer);
    if (isBlank(json)) {
      if (this.required.has(pointer)) this.wrong(pointer, words({ code: 'required' }), 'required');
      return;
    }
    const finding = this.kinds.get(field.type)?.check?.(json, field);
    if (finding) {
      this.refusedValue = true;
      this.wrong(pointer + (finding.at ?? ''), words(finding), finding.code);
    } else if (field.type !== 'table') this.rules(field, pointer, env);
  }

  private rules(field: FieldModel, pointer: string, env: Env): void {
    for (const rule of field.rules ?? []) this.rule(rule, pointer, env);
  }

  private table(field: FieldModel, json: Json, pointer: string): void {
    void this.own.values[field.key]; // makes the rows
    rowsOf(json).forEach((row, at) => {
      const record = this.rows.get(`${pointer}/${at}`) ?? null;
      const env = this.env(record);
      for (const column of field.fields ?? []) this.field(column, row[column.key] ?? null, `${pointer}/${at}/${column.key}`, env);
      this.rules(field, `${pointer}/${at}`, env); // a table's rule is asked of every row
    });
  }

  private rule(rule: Formula & { readonly message?: string | null }, pointer: string, env: Env): void {
    this.missed = false;
    const value = run(rule, env);
    if (this.missed) return; // the server has the record, and asks
    if (value instanceof ErrorValue) {
      // Where a value was refused already, what hangs on it would tell one mistake twice.
      if (!this.refusedValue) this.wrong(pointer, words({ code: 'rule_error' }), 'rule_error');
    } else if (!truthy(value)) this.wrong(pointer, rule.message || words({ code: 'rule_failed' }), 'rule_failed');
  }

  private wrong(pointer: string, detail: string, code: string): void {
    this.issues.push({ pointer, code, detail });
  }
}

/** Blank is false; an error never counts as true. */
function truthy(value: Value): boolean {
  return value === true;
}

function lazy(target: Record<string, Value>, key: string, work: () => Value): void {
  let state: 'new' | 'working' | 'done' = 'new';
  let value: Value = null;
  Object.defineProperty(target, key, {
    enumerable: true,
    get() {
      if (state === 'working') return REF;
      if (state === 'new') {
        state = 'working';
        value = work();
        state = 'done';
      }
      return value;
    },
  });
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
    calendar: null,
    organisation: null,
    zone: context.zone ?? 'Asia/Shanghai',
  };
}
