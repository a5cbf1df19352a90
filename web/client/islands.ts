/** Islands: places of a page that a Svelte component brings to life, by name. */

interface Loaded {
  mount(target: Element, props: Record<string, unknown>): Promise<void>;
}

const ISLANDS: Readonly<Record<string, () => Promise<Loaded>>> = {
  form: () => import('./form/island'),
  list: () => import('./list/island'),
  import: () => import('./import/island'),
  decision: () => import('./decision/island'),
  near: () => import('./near/island'),
  designer: () => import('./designer/island'),
  'form-start': () => import('./designer/start/island'),
};

/** Mounts each `[data-island]` under `root` once, on the JSON that stands inside it; `data-mounted` then says when it is drawn. */
export function mountIslands(root: ParentNode = document): void {
  for (const place of root.querySelectorAll<HTMLElement>('[data-island]:not([data-mounted])')) {
    const load = ISLANDS[place.dataset.island ?? ''];
    if (!load) continue;
    place.dataset.mounted = '';
    void load()
      .then((island) => island.mount(place, propsOf(place)))
      .then(() => (place.dataset.mounted = 'drawn'));
  }
}

function propsOf(place: HTMLElement): Record<string, unknown> {
  const json = place.querySelector(':scope > script[type="application/json"]')?.textContent;
  return json ? JSON.parse(json) : {};
}
