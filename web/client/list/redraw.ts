/** Parts of a list drawn anew by the server, in place. */
import { relativeTimes } from '../page/time';
import { toastFailure } from '../page/toast';
import { address, type ListModel } from './model';

/** Raised on the list's card when its lines were drawn anew. */
export const DRAWN = 'formloom:drawn';

async function page(url: string): Promise<Document> {
  const answer = await fetch(url, { headers: { Accept: 'text/html' } });
  if (!answer.ok) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(await answer.text(), 'text/html');
}

/** One record's line, after it was changed; it goes where the reader may no longer see it. */
export async function redraw(model: ListModel, record: string): Promise<void> {
  const row = document.querySelector<HTMLElement>(`tr[data-row="${CSS.escape(record)}"]`);
  if (!row) return redrawAll(model);
  const query = address(model, {}).split('?')[1] ?? '';
  const answer = await fetch(`/forms/${model.form}/rows/${record}?${query}`, { headers: { Accept: 'text/html' } });
  if (answer.status === 404) return row.remove();
  if (!answer.ok) return toastFailure('');
  const held = document.createElement('template');
  held.innerHTML = await answer.text(); // our own server's line, escaped by its templates
  const fresh = held.content.querySelector<HTMLElement>('tr[data-row]');
  if (fresh && row.hasAttribute('data-picked')) {
    fresh.toggleAttribute('data-picked', true);
    const box = fresh.querySelector<HTMLInputElement>('.pick input');
    if (box) box.checked = true;
  }
  if (!fresh) return redrawAll(model);
  row.replaceWith(fresh);
  fresh.dispatchEvent(new CustomEvent(DRAWN, { bubbles: true }));
}

/** Everything below the tools. */
export async function redrawAll(model: ListModel): Promise<void> {
  try {
    const fresh = (await page(address(model, {}))).querySelector('#list-body');
    const body = document.querySelector<HTMLElement>('#list-body');
    if (!fresh || !body) return location.reload();
    body.replaceChildren(...fresh.childNodes);
    relativeTimes(body);
    body.dispatchEvent(new CustomEvent(DRAWN, { bubbles: true }));
  } catch {
    toastFailure('');
  }
}

export { page as fetchPage };
