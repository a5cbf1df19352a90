/** The form of a stored record as its own page has it: rights, rules and what links may choose are those of that record. */
import { loadKinds, KINDS, typesOf } from '../fields/registry';
import type { FieldModel, FormModel } from '../form/model';
import { FormState } from '../form/state.svelte';
import { Problem, problemFrom } from '../http';

export interface Editing {
  readonly form: FormState;
  readonly field: (key: string) => FieldModel | undefined;
}

/** Raises `Problem` where the record cannot be changed now (it is under way, somebody took the right away). */
export async function editing(record: string): Promise<Editing> {
  const answer = await fetch(`/records/${record}/edit`, { headers: { Accept: 'text/html' }, credentials: 'same-origin' });
  const text = await answer.text();
  if (!answer.ok) {
    const page = new DOMParser().parseFromString(text, 'text/html');
    const said = page.querySelector('main p, .card p')?.textContent?.trim() ?? '';
    throw said ? new Problem(answer.status, 'refused', said) : problemFrom(answer.status, text);
  }
  const page = new DOMParser().parseFromString(text, 'text/html');
  const json = page.querySelector('[data-island="form"] > script')?.textContent;
  if (!json) throw new Problem(answer.status, 'refused', '');
  const model = JSON.parse(json) as FormModel;
  await loadKinds(typesOf(model.fields));
  return { form: new FormState(model, KINDS), field: (key) => model.fields.find((each) => each.key === key) };
}
