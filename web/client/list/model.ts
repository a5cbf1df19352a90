/** What the server hands to the tools of a list (`web/desk/list_tools.py` makes it). */
import type { Json } from '../form/model';

export interface Option {
  readonly key: string;
  readonly label: string;
  readonly color?: string | null;
}

/** A field that can be asked. `kind` is what formulas take it for, `item` that of one of a list. */
export interface ListField {
  readonly key: string;
  readonly label: string;
  readonly type: string;
  readonly kind: string;
  readonly item: string;
  readonly look: string;
  readonly ops: readonly string[];
  readonly options: readonly Option[];
  readonly sortable: boolean;
  readonly groupable: boolean;
  readonly writable: boolean;
  readonly system?: boolean;
  /** A link's form, and that form's own fields. */
  readonly form?: string;
  readonly fields?: readonly ListField[];
}

export type Tree = { readonly [key: string]: Json };

export interface Look {
  readonly show: string;
  readonly columns: readonly string[];
  readonly sort: readonly string[];
  readonly by: string | null;
  readonly start: string | null;
  readonly end: string | null;
  readonly cover: string | null;
  readonly group: { readonly by: string; readonly bucket: string | null; readonly desc: boolean } | null;
  readonly sums: readonly string[];
  readonly colour: string | null;
  readonly frozen: number;
  readonly widths: Readonly<Record<string, number>>;
  readonly layout: string;
}

export interface Saved {
  readonly id: number;
  readonly title: string;
  readonly shared: boolean;
  readonly mine: boolean;
  readonly may_change: boolean;
}

export interface ListModel {
  readonly form: string;
  readonly title: string;
  readonly fields: readonly ListField[];
  readonly filter: Tree | null;
  /** What the address says, by name. */
  readonly own: Readonly<Record<string, string>>;
  readonly q: string;
  readonly view: string | null;
  readonly look: Look;
  readonly saved: readonly Saved[];
  readonly kept: number | null;
  readonly may: readonly string[];
  readonly me: number | null;
  readonly names: { readonly record: Readonly<Record<string, string>>; readonly person: Readonly<Record<string, string>> };
}

/** The address of the same list with these parts said otherwise; null takes a part out. Chips become part of a filter. */
export function address(model: ListModel, changes: Readonly<Record<string, string | null>>): string {
  const said = new URLSearchParams(model.own);
  if ('filter' in changes) for (const key of [...said.keys()]) if (key.startsWith('f.')) said.delete(key);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) said.delete(key);
    else said.set(key, value);
  }
  const query = said.toString();
  return `/forms/${model.form}${query ? `?${query}` : ''}`;
}

/** The part of a view that is kept: what the list looks like now. */
export function bodyOf(model: ListModel): Tree {
  const { look } = model;
  const body: Record<string, Json> = {
    show: look.show,
    sort: look.sort.map((key) => ({ by: key.replace(/^-/, ''), desc: key.startsWith('-') })),
    frozen: look.frozen,
    widths: { ...look.widths },
    layout: look.layout,
    sums: [...look.sums],
  };
  if (look.columns.length > 0) body['columns'] = [...look.columns];
  for (const key of ['by', 'start', 'end', 'cover', 'colour'] as const) if (look[key]) body[key] = look[key];
  if (look.group) body['group'] = { by: look.group.by, desc: look.group.desc, ...(look.group.bucket ? { bucket: look.group.bucket } : {}) };
  if (model.filter) body['filter'] = model.filter;
  if (model.view) body['view'] = model.view;
  return body;
}
