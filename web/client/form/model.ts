/** What the server hands to the form runtime (`web/forms_view.py` makes it). Hidden fields are absent. */
import type { ChoiceModel } from '../decision/choices';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Values = Readonly<Record<string, Json>>;

/** A checked formula as its shipped tree. */
export interface Formula {
  readonly tree: unknown;
}

export interface RuleModel extends Formula {
  readonly message?: string | null;
}

export interface OptionModel {
  readonly key: string;
  readonly label: string;
  readonly color?: string | null;
  /** No longer offered; stays readable where it stands. */
  readonly retired?: boolean;
  /** Of a cascade: what lies within. */
  readonly options?: readonly OptionModel[];
}

/** The keys of all types together; each type reads its own. */
export interface FieldConfig {
  readonly multiline?: boolean;
  readonly max_length?: number | null;
  readonly min_length?: number | null;
  readonly decimals?: number | null;
  readonly currency?: string | null;
  readonly unit?: string | null;
  readonly min?: string | number | null;
  readonly max?: string | number | null;
  readonly options?: readonly OptionModel[];
  readonly transitions?: unknown;
  readonly start?: string | null;
  /** The statuses at which this person may begin a new record. */
  readonly starts?: readonly string[];
  readonly form?: string;
  /** Where a new record of the linked form can be made; absent when this person may not. */
  readonly create?: string | null;
  readonly any_level?: boolean;
  readonly only?: 'mobile';
  readonly masked?: boolean;
  readonly seconds?: boolean;
  readonly stars?: number;
  readonly capture?: 'allow' | 'only';
  readonly max_accuracy?: number;
  readonly formats?: readonly string[];
  /** Whether an address goes down to the street. */
  readonly detail?: boolean;
  readonly hint?: string | null;
  readonly via?: string;
  readonly camera?: 'allow' | 'prefer' | 'only';
  readonly format?: 'number' | 'money' | 'percent' | 'date' | 'datetime' | 'text' | 'url' | null;
}

export interface FieldModel {
  readonly key: string;
  readonly type: string;
  readonly label: string;
  readonly help?: string | null;
  readonly required?: boolean | Formula;
  readonly visible?: Formula | null;
  readonly access: 'write' | 'read';
  readonly config?: FieldConfig;
  readonly default?: Formula | { readonly value: Json } | null;
  readonly formula?: Formula | null;
  readonly rules?: readonly RuleModel[];
  readonly fields?: readonly FieldModel[];
}

/** Something to see between fields. */
export interface DisplayModel {
  readonly shows: 'note' | 'divider';
  readonly text?: string | null;
  readonly tone?: 'plain' | 'info' | 'warn';
}

export interface SectionModel {
  readonly title?: string | null;
  readonly note?: string | null;
  readonly columns?: number;
  /** Neighbouring sections with a tab stand behind tabs. */
  readonly tab?: string | null;
  /** Keys of fields, and what stands between them. */
  readonly items: readonly (string | DisplayModel)[];
}

export interface LinkedRecord {
  readonly id: number;
  readonly display: string;
  readonly sub?: string | null;
  readonly values: Values;
}

export interface FileModel {
  readonly id: string;
  readonly name: string;
  readonly media_type?: string;
  readonly size?: number;
  readonly url: string;
}

export interface ContextModel {
  readonly me: number | null;
  readonly initiator?: number | null;
  readonly today: string;
  readonly now: string;
  readonly roles: readonly string[];
  readonly zone?: string;
  readonly calendar?: CalendarModel | null;
}

/** Where a formula asks for working days: weekdays that are none (0 is Monday), days off, and days worked in spite of both. */
export interface CalendarModel {
  readonly weekend: readonly number[];
  readonly days_off: readonly string[];
  readonly workdays: readonly string[];
}

export interface SubmitModel {
  readonly url: string;
  readonly method: string;
  readonly etag?: string | null;
  /** Where to go afterwards; `{id}` becomes the record's id. */
  readonly next?: string | null;
  readonly label?: string | null;
}

export interface FormModel {
  readonly form: string;
  readonly version: number;
  readonly locale: string;
  readonly record: { readonly id: number; readonly version: number; readonly values: Values } | null;
  readonly fields: readonly FieldModel[];
  readonly rules?: readonly RuleModel[];
  readonly layout: readonly SectionModel[];
  readonly linked?: Readonly<Record<string, Readonly<Record<string, LinkedRecord>>>>;
  /** Formula types of linked forms' fields, as `form_engine.formula.types` writes them (`number:CNY`). */
  readonly types?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly people?: Readonly<Record<string, { readonly name: string }>>;
  readonly departments?: Readonly<Record<string, { readonly name: string }>>;
  readonly files?: Readonly<Record<string, Omit<FileModel, 'id'>>>;
  readonly context: ContextModel;
  readonly submit: SubmitModel | null;
  readonly lookup: string;
  readonly upload: string;
  readonly people_url?: string;
  /** Whom one picks for the steps of the flows that submitting may start. */
  readonly choices?: readonly ChoiceModel[];
  /** False where the reader may not open other records: a guest. */
  readonly links?: boolean;
  readonly draft_key: string | null;
}

/** Nothing was entered: null, empty text, an empty list. False and 0 are answers. */
export function isBlank(json: Json | undefined): boolean {
  return json === null || json === undefined || json === '' || (Array.isArray(json) && json.length === 0);
}

/** Rows of a table, whatever stands there. */
export function rowsOf(json: Json | undefined): readonly Readonly<Record<string, Json>>[] {
  return Array.isArray(json) ? (json as Record<string, Json>[]) : [];
}
