/** Keys of the whole page: J/K walk a list, A/R decide, Ctrl K goes anywhere, ? shows them all. */

const EDITING = 'input, textarea, select, [contenteditable="true"], [role="combobox"]';

export function keys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      void openJump();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if ((event.target as Element).closest?.(EDITING) || document.querySelector('dialog[open]')) return;
    if (press(event.key)) event.preventDefault();
  });
  document.addEventListener('click', (event) => {
    const opener = (event.target as Element).closest<HTMLElement>('[data-open="jump"], [data-open="keys"]');
    if (opener?.dataset.open === 'jump') void openJump();
    if (opener?.dataset.open === 'keys') void openKeys();
  });
}

function press(key: string): boolean {
  switch (key) {
    case 'j':
    case 'J':
      return walk(1);
    case 'k':
    case 'K':
      return walk(-1);
    case '?':
      void openKeys();
      return true;
    default:
      return pressMarked(key.toLowerCase());
  }
}

/** The button that declares the key, e.g. `data-key="a"` on Approve. */
function pressMarked(key: string): boolean {
  if (!/^[a-z]$/.test(key)) return false;
  const button = document.querySelector<HTMLElement>(`[data-key="${key}"]:not(:disabled)`);
  button?.click();
  return button !== null;
}

/** The next or the previous entry of the page's list: opened where one is open already, else focused. */
function walk(step: number): boolean {
  const links = [...document.querySelectorAll<HTMLAnchorElement>('[data-list] a.list-item, [data-list] a.row-link')];
  if (links.length === 0) return false;
  const open = links.findIndex((link) => link.getAttribute('aria-current') === 'true');
  const focused = links.indexOf(document.activeElement as HTMLAnchorElement);
  const from = focused >= 0 ? focused : open;
  const next = links[Math.min(Math.max(from + step, 0), links.length - 1)];
  if (!next) return false;
  if (open >= 0 && focused < 0) next.click();
  else next.focus();
  return true;
}

async function openJump(): Promise<void> {
  (await import('./jump')).openJump();
}

async function openKeys(): Promise<void> {
  (await import('./shortcuts')).openShortcuts();
}
