/** What a field type owes the client, beside its control: `fields/<type>.svelte` exports it from its module script. */
import type { Component } from 'svelte';
import type { FieldModel, Json } from '../form/model';
import type { FormState } from '../form/state.svelte';
import type { Value } from '../formula/values';

/** Why a value cannot be sent, in codes that `form/words.ts` has words for. */
export interface Finding {
  readonly code: string;
  readonly params?: Readonly<Record<string, string | number>>;
  /** Relative to the value. */
  readonly at?: string;
}

export interface ControlProps {
  readonly field: FieldModel;
  readonly form: FormState;
  /** JSON pointer of the value in the record. */
  readonly pointer: string;
  readonly value: Json;
  readonly id: string;
  readonly invalid: boolean;
  readonly describedby: string | undefined;
  readonly required: boolean;
  readonly readonly: boolean;
  /** In a row of a table: little room, no label of its own. */
  readonly compact: boolean;
}

export interface Face {
  readonly name: string;
  readonly icon: string;
  /** Digits: aligned to the end. */
  readonly numeric?: boolean;
  /** Worked out by formulas or the server; nobody types it. */
  readonly computed?: boolean;
  /** Several controls under one label. */
  readonly group?: boolean;
  /** Wants the whole width of a section. */
  readonly wide?: boolean;
  /** Draws its read-only form itself; others are shown as their text. */
  readonly draws?: boolean;
  /** What formulas calculate with. Blank never reaches it. */
  toValue(json: Json, field: FieldModel): Value;
  /** Words for reading. Blank never reaches it. */
  text(json: Json, field: FieldModel, form: FormState): string;
  /** Text from a spreadsheet's cell as a value; null is blank. Types without it take no paste. */
  paste?(cell: string, field: FieldModel): Json;
  /** What is wrong with the value itself. Blank never reaches it. */
  check?(json: Json, field: FieldModel): Finding | null;
}

/** A field type: its face and its control. */
export interface Kind extends Face {
  readonly component: Component<ControlProps>;
}

export type Kinds = ReadonlyMap<string, Kind>;
