/** The server says “changed”, the page asks again: badges and fragments follow what others do. */
import { mountIslands } from '../islands';
import { relativeTimes } from './time';

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 60_000;
const SETTLE = 120;

/** Raised on `document` for each changed topic, for islands that follow one. */
export const CHANGED = 'formloom:changed';

export function live(): void {
  const { events } = document.body.dataset;
  if (!events || typeof EventSource === 'undefined') return;
  const topics = new Set(['inbox']);
  for (const part of document.querySelectorAll<HTMLElement>('[data-topic]')) topics.add(part.dataset.topic ?? '');
  topics.delete('');
  connect(`${events}?topics=${[...topics].map(encodeURIComponent).join(',')}`, FIRST_WAIT);
}

/** EventSource reconnects by itself only from some failures, and at once; this one waits longer each time. */
function connect(url: string, wait: number): void {
  const source = new EventSource(url);
  let next = wait;
  source.addEventListener('open', () => {
    if (next > FIRST_WAIT) changed(null); // what happened while we were away
    next = FIRST_WAIT;
  });
  source.addEventListener('changed', (event) => changed(JSON.parse((event as MessageEvent<string>).data).topic));
  source.addEventListener('error', () => {
    source.close();
    const jitter = 0.5 + Math.random();
    setTimeout(() => connect(url, Math.min(next * 2, LONGEST_WAIT)), next * jitter);
  });
  addEventListener('pagehide', () => source.close(), { once: true });
  // a page that comes back out of the browser's cache has a dead stream
  addEventListener('pageshow', (event) => event.persisted && location.reload(), { once: true });
}

const waiting = new Set<string | null>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** Gathers hints that come together; null means everything. */
function changed(topic: string | null): void {
  waiting.add(topic);
  clearTimeout(timer);
  timer = setTimeout(() => {
    const topics = [...waiting];
    waiting.clear();
    const all = topics.includes(null);
    document.dispatchEvent(new CustomEvent(CHANGED, { detail: { topics, all } }));
    if (all || topics.some((each) => each?.startsWith('inbox'))) void refreshBadges();
    for (const part of document.querySelectorAll<HTMLElement>('[data-fragment]')) {
      if (all || topics.includes(part.dataset.topic ?? '')) void refreshFragment(part);
    }
  }, SETTLE);
}

export async function refreshBadges(): Promise<void> {
  const { badges } = document.body.dataset;
  if (!badges) return;
  const response = await fetch(badges, { headers: { Accept: 'application/json' } }).catch(() => null);
  if (!response?.ok) return;
  const counts: unknown = await response.json();
  for (const badge of document.querySelectorAll<HTMLElement>('[data-badge]')) {
    const count = atPath(counts, badge.dataset.badge ?? '');
    badge.textContent = count ? String(count > 99 ? '99+' : count) : '';
  }
}

function atPath(counts: unknown, path: string): number {
  let here = counts;
  for (const part of path.split('.')) here = (here as Record<string, unknown> | undefined)?.[part];
  return Number(here) || 0;
}

/** Replaces the inside of a fragment; the focused link and the scroll stay where they were. */
export async function refreshFragment(part: HTMLElement): Promise<void> {
  const response = await fetch(part.dataset.fragment ?? '', { headers: { Accept: 'text/html' } }).catch(() => null);
  if (!response?.ok || response.redirected) return;
  const html = await response.text();
  const focused = part.contains(document.activeElement) ? document.activeElement?.getAttribute('href') : null;
  const { scrollTop } = part;
  part.innerHTML = html; // our own server's fragment, escaped by its templates
  part.scrollTop = scrollTop;
  if (focused) part.querySelector<HTMLElement>(`[href="${CSS.escape(focused)}"]`)?.focus();
  relativeTimes(part);
  mountIslands(part);
}
