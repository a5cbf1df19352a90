/** Questions that pickers ask while one types. */
import type { Linked } from '../form/evaluation';
import type { LinkedRecord } from '../form/model';
import { parts, type FormState } from '../form/state.svelte';
import { send } from '../http';

export interface Named {
  readonly id: number;
  readonly name: string;
  readonly department?: string | null;
}

/** People or departments by name. */
export async function searchNamed(url: string, q: string, signal: AbortSignal): Promise<readonly Named[]> {
  return (await send<{ items: Named[] }>(`${url}?q=${encodeURIComponent(q)}`, { signal })).items;
}

/** Records that the field at this pointer may link to, as the rest of the form stands. */
export async function searchRecords(form: FormState, pointer: string, q: string, signal: AbortSignal): Promise<readonly LinkedRecord[]> {
  const path = parts(pointer); // ["item"] or ["lines", "0", "item"]
  const inRow = path.length === 3;
  const body = {
    field: inRow ? `${path[0]}.${path[2]}` : path[0],
    q,
    values: form.entered,
    record: form.model.record?.id ?? null, // what this page does not show, the server adds
    row: inRow ? form.valueAt(`/${path[0]}/${path[1]}`) : null,
  };
  const answer = await send<{ items: LinkedRecord[]; linked?: Linked }>(form.model.lookup, { method: 'POST', body, signal });
  if (answer.linked) form.rememberAll(answer.linked);
  return answer.items;
}
