/** “Load more” links: the answer's rows join those on the page. Links that swap: its part takes the place of the one
 *  here. Without script both are plain links. */
import { relativeTimes } from './time';
import { toastFailure } from './toast';

export function loadMore(): void {
  document.addEventListener('click', (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>('a[data-more]');
    const tab = (event.target as Element).closest<HTMLAnchorElement>('a[data-swap]');
    if (tab && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      void swap(tab);
    }
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.getAttribute('aria-busy') !== 'true') void append(link);
  });
}

async function append(link: HTMLAnchorElement): Promise<void> {
  const selector = link.dataset.more ?? '';
  link.setAttribute('aria-busy', 'true');
  try {
    const response = await fetch(link.href, { headers: { Accept: 'text/html' } });
    if (!response.ok) throw new Error(String(response.status));
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const added = [...(page.querySelector(selector)?.children ?? [])];
    document.querySelector(selector)?.append(...added);
    for (const row of added) relativeTimes(row);
    added[0]?.querySelector<HTMLElement>('a')?.focus({ preventScroll: true });
    const next = page.querySelector<HTMLAnchorElement>(`a[data-more="${selector}"]`);
    if (next) link.replaceWith(next);
    else link.remove();
  } catch {
    link.removeAttribute('aria-busy');
    toastFailure('');
  }
}

async function swap(link: HTMLAnchorElement): Promise<void> {
  const selector = link.dataset.swap ?? '';
  const href = link.getAttribute('href') ?? '';
  link.setAttribute('aria-busy', 'true');
  try {
    const response = await fetch(link.href, { headers: { Accept: 'text/html' } });
    if (!response.ok) throw new Error(String(response.status));
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const part = page.querySelector(selector);
    if (!part) throw new Error(selector);
    document.querySelector(selector)?.replaceWith(part);
    relativeTimes(part);
    history.replaceState(history.state, '', href);
    document.querySelector<HTMLElement>(`${selector} a[data-swap][aria-current]`)?.focus({ preventScroll: true });
  } catch {
    link.removeAttribute('aria-busy');
    toastFailure('');
  }
}
