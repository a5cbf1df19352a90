/** A form while somebody fills it in: its values, what was touched, what is wrong, what changed. */
import { SvelteSet } from 'svelte/reactivity';
import type { Kinds } from '../fields/kind';
import type { Issue } from '../http';
import { defaults, Evaluation, type Linked } from './evaluation';
import { isBlank, rowsOf, type FieldModel, type FileModel, type FormModel, type Json, type LinkedRecord, type Values } from './model';

export class FormState {
  /** Immutable; replaced at every change. */
  values: Values = $state.raw({});
  linked: Linked = $state.raw({});
  people: Readonly<Record<string, { readonly name: string }>> = $state.raw({});
  departments: Readonly<Record<string, { readonly name: string }>> = $state.raw({});
  files: Readonly<Record<string, Omit<FileModel, 'id'>>> = $state.raw({});
  /** Submit was tried: from now on everything that is missing is said. */
  attempted = $state(false);
  /** Uploads under way. */
  uploading = $state(0);
  readonly touched = new SvelteSet<string>();

  private refused: readonly Issue[] = $state.raw([]);
  private readonly initial: Values;

  private readonly evaluation: Evaluation;
  /** What the values amount to. A new object for each change, so that whoever looks, looks again; nothing is worked out twice. */
  private readonly sight = $derived.by(() => {
    this.evaluation.take(this.values, this.linked);
    return { now: this.evaluation };
  });

  constructor(
    readonly model: FormModel,
    readonly kinds: Kinds,
  ) {
    this.linked = model.linked ?? {};
    this.people = model.people ?? {};
    this.departments = model.departments ?? {};
    this.files = model.files ?? {};
    const given = model.record?.values ?? {};
    this.initial = given;
    this.values = model.record ? given : { ...given, ...defaults(model, kinds, model.fields, given) };
    this.evaluation = new Evaluation(model, kinds, this.values, this.linked);
  }

  private readonly found = $derived.by(() => this.sight.now.issues());

  /** What the server or this look finds wrong; what the server said of a value holds until it is changed. */
  readonly issues: readonly Issue[] = $derived.by(() => {
    const said = new Set(this.refused.map((issue) => issue.pointer));
    return [...this.refused, ...this.found.filter((issue) => !said.has(issue.pointer))];
  });

  /** What is worth saying now: nobody is told of an empty field before they had the chance to fill it. */
  readonly spoken: readonly Issue[] = $derived.by(() =>
    this.issues.filter((issue) => this.attempted || this.refused.includes(issue) || (issue.code !== 'required' && this.wasTouched(issue.pointer))),
  );

  issueAt(pointer: string): Issue | undefined {
    return this.spoken.find((issue) => issue.pointer === pointer);
  }

  valueAt(pointer: string): Json {
    let here: Json | Values = this.values as Record<string, Json>;
    for (const part of parts(pointer)) {
      if (here === null || typeof here !== 'object') return null;
      here = (here as Record<string, Json>)[part] ?? null;
    }
    return here as Json;
  }

  set(pointer: string, value: Json): void {
    this.values = replaced(this.values, parts(pointer), value) as Values;
    this.refused = this.refused.filter((issue) => issue.pointer !== '' && !within(issue.pointer, pointer) && !within(pointer, issue.pointer));
  }

  touch(pointer: string): void {
    this.touched.add(pointer);
  }

  computed(pointer: string) {
    return this.sight.now.computed(pointer) ?? null;
  }

  hasComputed(pointer: string): boolean {
    return this.sight.now.computed(pointer) !== undefined;
  }

  isHidden(pointer: string): boolean {
    return this.sight.now.isHidden(pointer);
  }

  isRequired(pointer: string): boolean {
    return this.sight.now.isRequired(pointer);
  }

  isReadonly(field: FieldModel): boolean {
    const moved = Boolean(field.config?.transitions) && !field.config?.starts;
    return field.access !== 'write' || this.kinds.get(field.type)?.computed === true || moved;
  }

  remember(form: string, record: LinkedRecord): void {
    this.linked = { ...this.linked, [form]: { ...this.linked[form], [record.id]: record } };
  }

  /** Further records that formulas reach through a picked one. */
  rememberAll(linked: Linked): void {
    const merged = Object.entries(linked).map(([form, records]) => [form, { ...this.linked[form], ...records }]);
    this.linked = { ...this.linked, ...Object.fromEntries(merged) };
  }

  rememberPerson(id: number, name: string): void {
    this.people = { ...this.people, [id]: { name } };
  }

  rememberDepartment(id: number, name: string): void {
    this.departments = { ...this.departments, [id]: { name } };
  }

  rememberFile(file: FileModel): void {
    const { id, ...rest } = file;
    this.files = { ...this.files, [id]: rest };
  }

  /** The server's refusal, beside the fields it names. */
  refuse(issues: readonly Issue[]): void {
    this.refused = issues;
    this.attempted = true;
  }

  /** All that was entered, for a new record. */
  readonly entered: Values = $derived.by(() => this.sendable(() => true));

  /** Only what differs from the record, for an existing one. */
  readonly changes: Values = $derived.by(() => this.sendable((key, json) => !same(json, this.initial[key] ?? null), true));

  readonly dirty: boolean = $derived.by(() =>
    this.model.record ? Object.keys(this.changes).length > 0 : !same(this.entered, this.atFirst),
  );

  private atFirst: Values = $state.raw({});

  /** What stands there now counts as untouched. */
  settle(): void {
    this.atFirst = this.entered;
  }

  private sendable(wanted: (key: string, json: Json) => boolean, blanks = false): Values {
    const out: Record<string, Json> = {};
    for (const field of this.model.fields) {
      const json = this.values[field.key] ?? null;
      if (this.isReadonly(field) || this.isHidden(`/${field.key}`) || (!blanks && isBlank(json))) continue;
      if (wanted(field.key, json)) out[field.key] = field.type === 'table' ? this.rows(field, json) : isBlank(json) ? null : json;
    }
    return out;
  }

  private rows(field: FieldModel, json: Json): Json {
    const columns = (field.fields ?? []).filter((column) => !this.isReadonly(column));
    return rowsOf(json).map((row) => ({
      ...(row.id === undefined ? {} : { id: row.id }),
      ...Object.fromEntries(columns.map((column) => [column.key, row[column.key] ?? null])),
    }));
  }

  private wasTouched(pointer: string): boolean {
    for (const touched of this.touched) if (within(pointer, touched)) return true;
    return false;
  }
}

/** The parts of a JSON pointer (RFC 6901). */
export function parts(pointer: string): string[] {
  return pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function within(pointer: string, outer: string): boolean {
  return pointer === outer || pointer.startsWith(`${outer}/`);
}

function replaced(here: unknown, path: readonly string[], value: Json): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  if (Array.isArray(here)) return here.map((each, at) => (String(at) === head ? replaced(each, rest, value) : each));
  const object = (here ?? {}) as Record<string, unknown>;
  return { ...object, [head]: replaced(object[head], rest, value) };
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
