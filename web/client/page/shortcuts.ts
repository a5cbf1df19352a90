/** `?` shows the keys. */
import { t } from '../i18n';

export function openShortcuts(): void {
  const rows: readonly (readonly [string, string])[] = [
    ['Ctrl K', t('Go anywhere')],
    ['J / K', t('Next / previous in the list')],
    ['A', t('Approve')],
    ['R', t('Reject')],
    ['Ctrl S', t('Keep a draft on this device')],
    ['Ctrl Enter', t('Submit')],
    ['Esc', t('Close')],
  ];
  const dialog = document.createElement('dialog');
  dialog.className = 'dialog';
  const head = document.createElement('header');
  head.className = 'dialog-head';
  const title = document.createElement('h2');
  title.textContent = t('Keys');
  const close = document.createElement('button');
  close.className = 'btn btn-quiet';
  close.dataset.close = '';
  close.textContent = t('Close');
  head.append(title, close);
  const body = document.createElement('div');
  body.className = 'dialog-body';
  const list = document.createElement('dl');
  list.className = 'keys';
  for (const [keys, words] of rows) {
    const term = document.createElement('dt');
    for (const key of keys.split(' ')) {
      const shown = document.createElement(key === '/' ? 'span' : 'kbd');
      shown.textContent = key;
      term.append(shown, ' ');
    }
    const meaning = document.createElement('dd');
    meaning.textContent = words;
    list.append(term, meaning);
  }
  body.append(list);
  dialog.append(head, body);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
