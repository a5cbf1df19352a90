/** Brings a list to life: its tools, its rows, what is opened beside it. Each part is loaded when it is first wanted. */
import { mount, unmount, type Component } from 'svelte';
import { moveCards } from './board';
import { editCells } from './cells';
import { columns } from './columns';
import { address, type ListModel, type Tree } from './model';
import { openBeside } from './panel';
import { picking } from './picking';
import { scrolling } from './scroll';

type Changes = Readonly<Record<string, string | null>>;

export async function mountList(target: Element, props: Record<string, unknown>): Promise<void> {
  const card = target.closest<HTMLElement>('[data-list-page]');
  if (!card) return;
  const model = props as unknown as ListModel;
  tools(card, model);
  columns(card, model);
  picking(card, model);
  editCells(card, model);
  openBeside(card, model);
  moveCards(card, model);
  scrolling(card);
  card.dataset['alive'] = '';
  await Promise.resolve();
}
export { mountList as mount };

function go(model: ListModel, changes: Changes): void {
  location.assign(address(model, changes));
}

function show<P extends object>(component: Component<P>, props: Omit<P, 'onclose'>): void {
  const shown: Record<string, unknown> = mount(component, { target: document.body, props: { ...props, onclose: () => void unmount(shown) } as unknown as P });
}

function tools(card: HTMLElement, model: ListModel): void {
  const apply = (changes: Changes) => go(model, changes);
  const open: Readonly<Record<string, () => Promise<void>>> = {
    filter: async () => show((await import('./FilterDialog.svelte')).default, { model, apply: (tree: Tree | null) => go(model, { filter: tree ? JSON.stringify(tree) : '' }) }),
    columns: async () => show((await import('./ColumnsDialog.svelte')).default, { model, apply }),
    group: async () => show((await import('./GroupDialog.svelte')).default, { model, apply }),
    kind: async () => show((await import('./KindDialog.svelte')).default, { model, apply }),
    view: async () => show((await import('./ViewDialog.svelte')).default, { model }),
  };
  card.addEventListener('click', (event) => {
    const tool = (event.target as Element).closest<HTMLElement>('[data-tool]')?.dataset['tool'];
    if (tool) void open[tool]?.();
  });
}
