/** “Load more” links: the answer's rows join those on the page; without script they are plain links. */
import { relativeTimes } from './time';
import { toastFailure } from './toast';

export function loadMore(): void {
  document.addEventListener('click', (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>('a[data-more]');
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
    const next = page.querySelector<HTMLAnchorElement>('a[data-more]');
    if (next) link.replaceWith(next);
    else link.remove();
  } catch {
    link.removeAttribute('aria-busy');
    toastFailure('');
  }
}
