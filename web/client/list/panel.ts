/** A record beside its list: the record's own page in a panel, with the ways to the one before and the one after. */
import { mountIslands } from '../islands';
import { t } from '../i18n';
import { icon } from '../page/icon';
import { relativeTimes } from '../page/time';
import type { ListModel } from './model';
import { fetchPage, redrawAll } from './redraw';

const LINK = 'a.row-link, a.card-link, a.day-entry, .bars th a';

export function openBeside(card: HTMLElement, model: ListModel): void {
  card.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || !matchMedia('(min-width: 52rem)').matches) return;
    const target = event.target as Element;
    const row = target.closest('tr[data-row]');
    const other = target.closest('a, button, input, label, td[data-edit], .pick');
    const link = target.closest<HTMLAnchorElement>(LINK) ?? (other ? null : row?.querySelector<HTMLAnchorElement>(LINK));
    if (!link || getSelection()?.toString()) return;
    event.preventDefault();
    void show(link, model);
  });
}

function button(name: string, glyph: string, act: () => void): HTMLButtonElement {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'btn btn-quiet btn-icon';
  made.setAttribute('aria-label', name);
  made.append(icon(glyph));
  made.addEventListener('click', act);
  return made;
}

async function show(from: HTMLAnchorElement, model: ListModel): Promise<void> {
  const panel = document.createElement('dialog');
  panel.className = 'panel';
  const head = document.createElement('header');
  head.className = 'panel-head';
  const body = document.createElement('div');
  body.className = 'panel-body';
  const whole = document.createElement('a');
  whole.className = 'btn btn-small';
  whole.textContent = t('Open the whole page');
  const space = document.createElement('span');
  space.className = 'spacer';
  let link = from;

  const links = () => [...document.querySelectorAll<HTMLAnchorElement>('#list-body tr[data-row] a.row-link, #list-body a.card-link, #list-body a.day-entry, #list-body .bars th a')];
  const step = (by: number) => {
    const all = links();
    const next = all[all.indexOf(link) + by];
    if (next) void load(next);
  };
  const load = async (next: HTMLAnchorElement) => {
    link = next;
    whole.href = next.href;
    panel.setAttribute('aria-label', next.textContent?.trim() ?? '');
    body.setAttribute('aria-busy', 'true');
    const main = (await fetchPage(next.href).catch(() => null))?.querySelector('#main');
    body.removeAttribute('aria-busy');
    if (link !== next) return;
    if (!main) return location.assign(next.href);
    body.replaceChildren(...main.childNodes);
    panel.scrollTop = 0;
    relativeTimes(body);
    mountIslands(body);
  };
  const before = button(t('The record before'), 'up', () => step(-1));
  const after = button(t('The record after'), 'down', () => step(1));
  head.append(before, after, whole, space, button(t('Close'), 'x', () => panel.close()));
  panel.append(head, body);
  panel.addEventListener('keydown', (event) => {
    if ((event.target as Element).closest('input, textarea, select, [contenteditable="true"]')) return;
    if (event.key === 'j' || event.key === 'k') {
      step(event.key === 'j' ? 1 : -1);
      event.stopPropagation();
    }
  });
  let changed = false;
  const hear = () => (changed = true);
  body.addEventListener('change', hear);
  panel.addEventListener('close', () => {
    panel.remove();
    link.focus();
    if (changed) void redrawAll(model);
  });
  document.body.append(panel);
  panel.showModal();
  await load(from);
}
