/** Ctrl K: go to any page that the server named in `<script id="destinations">`. */
import { t } from '../i18n';
import { icon } from './icon';

interface Destination {
  readonly title: string;
  readonly href: string;
  readonly icon?: string;
}

export function openJump(): void {
  const dialog = document.createElement('dialog');
  dialog.className = 'dialog jump';
  const input = document.createElement('input');
  input.className = 'input';
  input.type = 'search';
  input.placeholder = t('Go to…');
  input.setAttribute('aria-label', t('Go to…'));
  const list = document.createElement('ul');
  dialog.append(input, list);
  document.body.append(dialog);

  const all = destinations();
  const draw = (): void => {
    const wanted = input.value.trim().toLowerCase();
    list.replaceChildren(...all.filter((one) => one.title.toLowerCase().includes(wanted)).map(entry));
    if (!list.firstChild) {
      const nothing = document.createElement('li');
      nothing.className = 'options-note';
      nothing.textContent = t('Nothing of that name.');
      list.append(nothing);
    }
  };
  input.addEventListener('input', draw);
  dialog.addEventListener('keydown', (event) => move(event, input, list));
  dialog.addEventListener('close', () => dialog.remove());
  draw();
  dialog.showModal();
  input.focus();
}

function destinations(): readonly Destination[] {
  const json = document.getElementById('destinations')?.textContent;
  if (json) return JSON.parse(json);
  return [...document.querySelectorAll<HTMLAnchorElement>('.sidenav a.nav-item')].map((link) => ({
    title: link.querySelector('span')?.textContent ?? link.textContent,
    href: link.href,
  }));
}

function entry(one: Destination): HTMLLIElement {
  const item = document.createElement('li');
  const link = document.createElement('a');
  link.className = 'menu-item';
  link.href = one.href;
  const words = document.createElement('span');
  words.textContent = one.title;
  link.append(icon(one.icon ?? 'right'), words);
  item.append(link);
  return item;
}

function move(event: KeyboardEvent, input: HTMLInputElement, list: HTMLElement): void {
  const links = [...list.querySelectorAll('a')];
  const at = links.indexOf(document.activeElement as HTMLAnchorElement);
  if (event.key === 'ArrowDown') links[Math.min(at + 1, links.length - 1)]?.focus();
  else if (event.key === 'ArrowUp') (links[at - 1] ?? input).focus();
  else if (event.key === 'Enter' && at < 0) links[0]?.click();
  else return;
  event.preventDefault();
}
