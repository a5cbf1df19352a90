/** Columns of the table: wider and narrower by a handle, those in front kept in sight, groups folded. */
import { t } from '../i18n';
import { address, type ListModel } from './model';

const LEAST = 60;
const MOST = 800;

export function columns(card: HTMLElement, model: ListModel): void {
  const table = card.querySelector<HTMLTableElement>('.list-table');
  if (!table) return;
  keepInSight(table);
  if (matchMedia('(min-width: 52rem)').matches) handles(table, model);
  card.addEventListener('click', (event) => {
    const toggle = (event.target as Element).closest<HTMLElement>('.group-toggle');
    if (toggle) fold(toggle);
  });
}

/** Where sticky columns stop: after those that stand before them. */
export function keepInSight(table: HTMLTableElement): void {
  let left = 0;
  const widths = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => {
    if (!cell.matches('.pick, .lead, .frozen')) return null;
    const at = left;
    left += cell.offsetWidth;
    return at;
  });
  const sheet = widths.map((at, n) => (at === null ? '' : `.list-table tr > :nth-child(${n + 1}) { --left: ${at}px }`)).join('\n');
  const style = new CSSStyleSheet();
  style.replaceSync(sheet);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets.filter((each) => !kept.has(each)), style];
  kept.add(style);
}
const kept = new WeakSet<CSSStyleSheet>();

function handles(table: HTMLTableElement, model: ListModel): void {
  for (const head of table.querySelectorAll<HTMLTableCellElement>('thead th[data-key]')) {
    const handle = document.createElement('span');
    handle.className = 'resize';
    handle.tabIndex = 0;
    handle.setAttribute('role', 'separator');
    handle.setAttribute('aria-orientation', 'vertical');
    handle.setAttribute('aria-label', t('Width of {name}', { name: head.textContent?.trim() ?? '' }));
    handle.setAttribute('aria-valuenow', String(head.offsetWidth));
    handle.setAttribute('aria-valuemin', String(LEAST));
    handle.setAttribute('aria-valuemax', String(MOST));
    head.append(handle);
    const put = (width: number) => {
      const px = Math.round(Math.min(Math.max(width, LEAST), MOST));
      head.style.width = head.style.minWidth = `${px}px`;
      handle.setAttribute('aria-valuenow', String(px));
      keepInSight(table);
    };
    handle.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      handle.dataset['dragging'] = '';
      const from = event.clientX - head.offsetWidth;
      const move = (next: PointerEvent) => put(next.clientX - from);
      handle.addEventListener('pointermove', move);
      handle.addEventListener(
        'pointerup',
        () => {
          handle.removeEventListener('pointermove', move);
          delete handle.dataset['dragging'];
          remember(table, model);
        },
        { once: true },
      );
    });
    handle.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      put(head.offsetWidth + step);
      remember(table, model);
    });
  }
}

/** The widths stand in the address, so that a kept view has them. */
function remember(table: HTMLTableElement, model: ListModel): void {
  const widths: Record<string, number> = { ...model.look.widths };
  for (const head of table.querySelectorAll<HTMLTableCellElement>('thead th[data-key]')) {
    if (head.style.width) widths[head.dataset['key'] ?? ''] = Number.parseInt(head.style.width, 10);
  }
  (model.look as { widths: Record<string, number> }).widths = widths;
  const said = Object.entries(widths).map(([key, px]) => `${key}:${px}`);
  (model.own as Record<string, string>)['widths'] = said.join(',');
  history.replaceState(history.state, '', address(model, {}));
}

function fold(toggle: HTMLElement): void {
  const open = toggle.getAttribute('aria-expanded') === 'true';
  toggle.setAttribute('aria-expanded', String(!open));
  const rows = [...(toggle.closest('table')?.querySelectorAll<HTMLTableRowElement>('tbody > tr') ?? [])];
  const head = toggle.closest('tr');
  for (const row of rows.slice(rows.indexOf(head as HTMLTableRowElement) + 1)) {
    if (row.dataset['group'] !== undefined) break;
    row.hidden = open;
  }
}
