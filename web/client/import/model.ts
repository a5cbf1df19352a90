/** An import as the server tells it (`web/desk/imports_json.py`, `web/desk/import_page.py`). */

export interface Sheet {
  readonly name: string;
  readonly header: unknown;
  readonly columns: readonly string[];
  readonly mapped: Readonly<Record<string, number>>;
}

export interface ProfileColumn {
  readonly key: string;
  readonly to?: string;
  readonly headers?: readonly string[];
}

export interface Profile {
  readonly columns: readonly ProfileColumn[];
  readonly [key: string]: unknown;
}

export interface Batch {
  readonly id: number;
  readonly form: string;
  readonly state: string;
  readonly file: string;
  readonly profile_key: string | null;
  readonly profile: Profile | null;
  readonly sheets: readonly Sheet[];
  readonly remembered: { readonly by: string } | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly result: Readonly<Record<string, unknown>>;
  readonly job: number | null;
}

export interface Said {
  readonly column: string | null;
  readonly code: string;
  readonly level: string;
  readonly detail: string;
}

export type Scalar = string | number | boolean | null;

export interface Row {
  readonly row: number;
  readonly sheet: number;
  readonly line: number;
  readonly state: string;
  readonly raw: readonly Scalar[];
  readonly fixed: readonly number[];
  readonly clean: Readonly<Record<string, unknown>> | null;
  readonly issues: readonly Said[];
}

export interface ImportField {
  readonly key: string;
  readonly label: string;
  readonly required: boolean;
  /** Its values are ids, which tell a reader nothing. */
  readonly named: boolean;
  /** Of options: their labels by key. */
  readonly words: Readonly<Record<string, string>>;
}

export interface ImportModel {
  readonly form: string;
  readonly batch: Batch | null;
  readonly fields: readonly ImportField[];
  readonly profiles: readonly { readonly key: string; readonly title: string }[];
  readonly earlier: readonly { readonly id: number; readonly file: string; readonly state: string; readonly at: string; readonly counts: Readonly<Record<string, number>> }[];
}

/** The states in which the server is at work and the page asks again. */
export const BUSY: readonly string[] = ['reading', 'running', 'undoing'];
