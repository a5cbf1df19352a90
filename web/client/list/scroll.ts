/** Endless lists: the next page comes as one nears the end; pages far out of sight give their lines back until one returns. */
import { relativeTimes } from '../page/time';
import { toastFailure } from '../page/toast';
import { fetchPage } from './redraw';

const HELD = 12;

export function scrolling(card: HTMLElement): void {
  const near = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        if (entry.target instanceof HTMLAnchorElement) void more(entry.target);
        else void refill(entry.target as HTMLElement);
      }
    },
    { rootMargin: '800px' },
  );

  const watch = () => {
    const link = card.querySelector('a[data-more="#rows"]');
    if (link) near.observe(link);
  };

  async function more(link: HTMLAnchorElement): Promise<void> {
    const table = card.querySelector('.list-table');
    if (!table || link.getAttribute('aria-busy') === 'true') return;
    near.unobserve(link);
    link.setAttribute('aria-busy', 'true');
    try {
      const page = await fetchPage(link.href);
      const body = document.createElement('tbody');
      body.dataset['page'] = link.href;
      body.append(...continued(table, page));
      [...table.querySelectorAll('tbody')].at(-1)?.after(body);
      relativeTimes(body);
      const next = page.querySelector<HTMLAnchorElement>('a[data-more="#rows"]');
      if (next) link.replaceWith(next);
      else link.remove();
      empty(table);
      watch();
    } catch {
      link.removeAttribute('aria-busy');
      toastFailure('');
    }
  }

  /** Those that are furthest above keep only their height. */
  function empty(table: Element): void {
    const full = [...table.querySelectorAll<HTMLElement>('tbody[data-page]:not([data-emptied])')];
    for (const body of full.slice(0, Math.max(full.length - HELD, 0))) {
      if (!body.dataset['page'] || body.querySelector(':focus, [data-picked]')) continue;
      const cell = document.createElement('td');
      cell.colSpan = 100;
      cell.style.height = `${body.offsetHeight}px`;
      const row = document.createElement('tr');
      row.append(cell);
      body.replaceChildren(row);
      body.dataset['emptied'] = '';
      near.observe(body);
    }
  }

  async function refill(body: HTMLElement): Promise<void> {
    near.unobserve(body);
    const page = await fetchPage(body.dataset['page'] ?? '').catch(() => null);
    const rows = page?.querySelector('#rows');
    if (!rows) return;
    body.replaceChildren(...rows.children);
    delete body.dataset['emptied'];
    relativeTimes(body);
  }

  card.addEventListener('click', (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>('a[data-more="#rows"]');
    if (!link || !card.querySelector('.list-table') || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    void more(link);
  });
  const first = card.querySelector<HTMLElement>('#rows');
  if (first) first.dataset['page'] = location.href;
  watch();
}

/** The lines of the next page; a group that goes on needs no second head. */
function continued(table: Element, page: Document): Element[] {
  const rows = [...(page.querySelector('#rows')?.children ?? [])];
  const last = [...table.querySelectorAll<HTMLElement>('tr[data-group]')].at(-1)?.dataset['group'];
  const head = rows[0] as HTMLElement | undefined;
  return last !== undefined && head?.dataset['group'] === last ? rows.slice(1) : rows;
}
