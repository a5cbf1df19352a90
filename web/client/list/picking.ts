/** Choosing rows, and the bar of what can be done with them together. */
import { mount, unmount } from 'svelte';
import { t } from '../i18n';
import type { ListModel } from './model';
import { DRAWN } from './redraw';

export interface Picked {
  readonly ids: readonly number[];
  /** All records of the list, not only those that stand here. */
  readonly all: boolean;
}

export function picking(card: HTMLElement, model: ListModel): void {
  let bar: HTMLElement | null = null;
  let all = false;
  let last: HTMLInputElement | null = null;
  const boxes = () => [...card.querySelectorAll<HTMLInputElement>('tbody .pick input')];
  const head = () => card.querySelector<HTMLInputElement>('[data-pick-all]');

  card.addEventListener('change', (event) => {
    const box = event.target as HTMLInputElement;
    if (!box.closest('.pick')) return;
    if (box.matches('[data-pick-all]')) for (const each of boxes()) each.checked = box.checked;
    all = false;
    show();
  });
  card.addEventListener('click', (event) => {
    const box = (event.target as Element).closest<HTMLInputElement>('tbody .pick input');
    if (!box) return;
    if (event.shiftKey && last) {
      const every = boxes();
      const [from, to] = [every.indexOf(last), every.indexOf(box)].sort((one, other) => one - other);
      for (const each of every.slice(from, (to ?? 0) + 1)) each.checked = box.checked;
      show();
    }
    last = box;
  });
  card.addEventListener(DRAWN, () => show());
  card.querySelector<HTMLElement>('[data-tool="pick"]')?.addEventListener('click', (event) => {
    const button = event.currentTarget as HTMLElement;
    const on = card.querySelector('.list-table')?.toggleAttribute('data-picking') ?? false;
    button.setAttribute('aria-pressed', String(on));
    if (!on) clear();
  });

  function clear(): void {
    for (const each of boxes()) each.checked = false;
    all = false;
    show();
  }

  function show(): void {
    const every = boxes();
    const picked = every.filter((each) => each.checked);
    for (const each of every) each.closest('tr')?.toggleAttribute('data-picked', each.checked);
    const top = head();
    if (top) {
      top.checked = picked.length > 0 && picked.length === every.length;
      top.indeterminate = picked.length > 0 && picked.length < every.length;
    }
    bar?.remove();
    bar = null;
    if (picked.length > 0) card.append((bar = made(picked.length, every.length)));
  }

  function made(count: number, here: number): HTMLElement {
    const place = document.createElement('div');
    place.className = 'bulk-bar no-print';
    place.setAttribute('role', 'group');
    place.setAttribute('aria-label', t('Chosen records'));
    const said = document.createElement('span');
    said.setAttribute('role', 'status');
    said.textContent = all ? t('All records of this list are chosen') : t('{count} chosen', { count });
    place.append(said);
    const add = (words: string, look: string, act: () => void, name = '') => {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = `btn btn-small ${look}`;
      button.textContent = words;
      if (name) button.dataset['bulk'] = name;
      button.addEventListener('click', act);
      place.append(button);
    };
    if (!all && count === here && card.querySelector('a[data-more]')) {
      add(t('Choose all of the list'), '', () => {
        all = true;
        show();
      });
    }
    if (model.may.includes('update')) add(t('Change…'), 'btn-primary', () => void open('change'), 'change');
    if (model.may.includes('delete')) add(t('Delete…'), 'btn-danger', () => void open('delete'), 'delete');
    add(t('Choose none'), 'btn-quiet', clear);
    card.dispatchEvent(new CustomEvent('formloom:picked', { detail: { bar: place, ids: picked().ids, all } }));
    return place;
  }

  const picked = (): Picked => ({ ids: boxes().filter((each) => each.checked).map((each) => Number(each.value)), all });

  async function open(deed: 'change' | 'delete'): Promise<void> {
    const { default: BulkDialog } = await import('./BulkDialog.svelte');
    const dialog: Record<string, unknown> = mount(BulkDialog, {
      target: document.body,
      props: { model, deed, picked: picked(), onclose: () => void unmount(dialog), ondone: clear },
    });
  }
}
