/** What a formula computes with. Mirrors `form_engine/formula/values.py`: the shared vectors hold the two together. */
import { Decimal as Base } from 'decimal.js';

/** 28 digits, half away from zero (decimal.js's ROUND_HALF_UP is by magnitude), as Python's context. */
export const Decimal = Base.clone({ precision: 28, rounding: 4, minE: -9000, maxE: 9000 });
export type Decimal = Base;
export type Rounding = Base.Rounding;

/** A calendar day: no time, no zone, never shifted. `days` counts from 1970-01-01. */
export class Day {
  constructor(readonly days: number) {}
}

/** A moment, as milliseconds since 1970-01-01T00:00Z. */
export class Moment {
  constructor(readonly ms: number) {}
}

/** A length of time in milliseconds. */
export class Duration {
  constructor(readonly ms: number) {}
}

/** A spreadsheet error; it spreads until IFERROR or ISERROR catches it. */
export class ErrorValue {
  constructor(readonly code: string) {}
}

export const DIV0 = new ErrorValue('#DIV/0!');
export const VALUE = new ErrorValue('#VALUE!');
export const NUM = new ErrorValue('#NUM!');
export const REF = new ErrorValue('#REF!');
export const NA = new ErrorValue('#N/A');

/** Two persons are the same when their ids are. */
export class Person {
  constructor(
    readonly id: number | string,
    readonly name = '',
  ) {}
}

/** A place in decimal degrees; `accuracy`: how sure the device was, in metres. */
export class Place {
  constructor(
    readonly latitude: Decimal,
    readonly longitude: Decimal,
    readonly crs = 'WGS-84',
    readonly accuracy: Decimal | null = null,
  ) {}
}

/** A link before anybody follows it. */
export class LinkRef {
  constructor(
    readonly form: string,
    readonly id: number | string,
  ) {}
}

export type Fetch = (form: string, id: number | string) => RecordValue | null;

/** A record, or a row of a table (its form is then `<form>.<table>`). An absent key is blank. */
export class RecordValue {
  constructor(
    readonly form: string,
    readonly id: number | string | null,
    readonly values: Readonly<Record<string, Value>>,
    readonly fetch: Fetch = () => null,
  ) {}
}

export type Value =
  | Decimal
  | string
  | boolean
  | null
  | Day
  | Moment
  | Duration
  | Person
  | Place
  | LinkRef
  | RecordValue
  | ErrorValue
  | readonly Value[];
