/** Changing a cell where it stands: double press, Enter or F2 opens it, arrows walk between those that can be changed. */
import { mount, unmount } from 'svelte';
import type { Json } from '../form/model';
import { Problem, send } from '../http';
import { t } from '../i18n';
import { toast, toastFailure } from '../page/toast';
import type { ListModel } from './model';
import { redraw } from './redraw';

const CELL = 'td[data-edit]';

export function editCells(card: HTMLElement, model: ListModel): void {
  const first = card.querySelector<HTMLElement>(CELL);
  if (first) first.tabIndex = 0;
  card.addEventListener('dblclick', (event) => {
    const cell = (event.target as Element).closest<HTMLElement>(CELL);
    if (cell && matchMedia('(min-width: 52rem)').matches) void open(cell, model);
  });
  card.addEventListener('keydown', (event) => {
    const cell = event.target as HTMLElement;
    if (!cell.matches?.(CELL) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter' || event.key === 'F2') void open(cell, model);
    else if (!walk(cell, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  });
}

/** Moves the focus to the next cell of that way. */
function walk(cell: HTMLElement, key: string): boolean {
  const row = cell.closest('tr');
  const across = [...(row?.querySelectorAll<HTMLElement>(CELL) ?? [])];
  const field = CSS.escape(cell.dataset['edit'] ?? '');
  const down = [...(cell.closest('table')?.querySelectorAll<HTMLElement>(`td[data-edit="${field}"]`) ?? [])];
  const ways: Readonly<Record<string, readonly [HTMLElement[], number]>> = {
    ArrowLeft: [across, -1],
    ArrowRight: [across, 1],
    ArrowUp: [down, -1],
    ArrowDown: [down, 1],
  };
  const way = ways[key];
  if (!way) return false;
  focusCell(way[0][way[0].indexOf(cell) + way[1]]);
  return true;
}

function focusCell(cell: HTMLElement | undefined): void {
  if (!cell) return;
  for (const other of document.querySelectorAll<HTMLElement>(`${CELL}[tabindex="0"]`)) other.tabIndex = -1;
  cell.tabIndex = 0;
  cell.focus();
}

let busy = false;

async function open(cell: HTMLElement, model: ListModel): Promise<void> {
  const row = cell.closest<HTMLElement>('tr[data-row]');
  const [record, key] = [row?.dataset['row'], cell.dataset['edit']];
  if (!row || !record || !key || busy) return;
  busy = true;
  cell.setAttribute('aria-busy', 'true');
  try {
    const [{ default: CellEditor }, { editing }] = await Promise.all([import('./CellEditor.svelte'), import('./edit_model')]);
    const { form, field } = await editing(record);
    const found = field(key);
    if (!found || found.access !== 'write') throw new Problem(403, 'refused', t('This can be changed on the record’s own page only.'));
    const before = form.valueAt(`/${key}`);
    const version = form.model.record?.version ?? 0;
    const editor: Record<string, unknown> = mount(CellEditor, {
      target: document.body,
      props: {
        form,
        field: found,
        place: cell.getBoundingClientRect(),
        leave: () => close(true),
        save: async (value: Json, step: number) => {
          if (JSON.stringify(value) !== JSON.stringify(before) && !(await store(value))) return;
          close(false);
          const drawn = document.querySelector<HTMLElement>(`tr[data-row="${record}"]`);
          const cells = [...(drawn?.querySelectorAll<HTMLElement>(CELL) ?? [])];
          const at = cells.findIndex((each) => each.dataset['edit'] === key);
          focusCell(cells[at + step] ?? cells[at]);
          if (step !== 0 && cells[at + step]) void open(cells[at + step] as HTMLElement, model);
        },
      },
    });
    const close = (back: boolean) => {
      void unmount(editor);
      document.removeEventListener('pointerdown', outside, true);
      if (back) focusCell(cell);
    };
    const outside = (event: PointerEvent) => {
      if (!(event.target as Element).closest('.cell-editor')) close(false);
    };
    document.addEventListener('pointerdown', outside, true);

    const store = async (value: Json): Promise<boolean> => {
      try {
        await put(record, key, value, version);
      } catch (error) {
        if (error instanceof Problem && error.issues.length > 0) form.refuse(error.issues);
        else toastFailure(error instanceof Problem ? error.detail : '');
        return false;
      }
      await redraw(model, record);
      toast({ text: t('Saved'), action: { label: t('Undo'), run: () => void undo(record, key, before, model) } });
      return true;
    };
  } catch (error) {
    toastFailure(error instanceof Problem ? error.detail : '');
  } finally {
    busy = false;
    cell.removeAttribute('aria-busy');
  }
}

async function put(record: string, key: string, value: Json, version?: number): Promise<void> {
  const blank = value === '' || value === undefined ? null : value;
  await send(`/api/v1/records/${record}`, { method: 'PATCH', body: { changes: { [key]: blank } }, etag: version === undefined ? null : `"${version}"` });
}

async function undo(record: string, key: string, before: Json, model: ListModel): Promise<void> {
  try {
    await put(record, key, before);
    await redraw(model, record);
    toast({ text: t('Undone') });
  } catch (error) {
    toastFailure(error instanceof Problem ? error.detail : '');
  }
}
