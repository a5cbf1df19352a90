/** Moving a card of a board to another lane: by dragging, or by its menu with the keyboard or a finger. */
import { Problem, send } from '../http';
import { t } from '../i18n';
import { toast, toastFailure } from '../page/toast';
import type { ListModel } from './model';
import { redrawAll } from './redraw';

export function moveCards(card: HTMLElement, model: ListModel): void {
  let held: HTMLElement | null = null;
  card.addEventListener('dragstart', (event) => {
    held = (event.target as Element).closest<HTMLElement>('.record-card[draggable="true"]');
    held?.toggleAttribute('data-moving', true);
    if (held) event.dataTransfer?.setData('text/plain', held.dataset['row'] ?? '');
  });
  card.addEventListener('dragend', () => {
    held?.removeAttribute('data-moving');
    over(null);
    held = null;
  });
  card.addEventListener('dragover', (event) => {
    const lane = (event.target as Element).closest<HTMLElement>('.lane');
    if (!held || !lane) return;
    event.preventDefault();
    over(lane);
  });
  card.addEventListener('drop', (event) => {
    const lane = (event.target as Element).closest<HTMLElement>('.lane');
    if (!held || !lane) return;
    event.preventDefault();
    void put(held, lane, model);
  });
  card.addEventListener('click', (event) => {
    const button = (event.target as Element).closest<HTMLElement>('[data-move]');
    const moved = button?.closest<HTMLElement>('.record-card');
    if (moved) choose(moved, model);
  });
}

function over(lane: HTMLElement | null): void {
  for (const each of document.querySelectorAll('.lane[data-over]')) each.removeAttribute('data-over');
  lane?.toggleAttribute('data-over', true);
}

/** The lanes as a short list of buttons. */
function choose(moved: HTMLElement, model: ListModel): void {
  const dialog = document.createElement('dialog');
  dialog.className = 'dialog';
  dialog.setAttribute('aria-label', t('Move to'));
  const head = document.createElement('header');
  head.className = 'dialog-head';
  const title = document.createElement('h2');
  title.textContent = t('Move to');
  head.append(title);
  const body = document.createElement('div');
  body.className = 'dialog-body stack stack-small';
  for (const lane of document.querySelectorAll<HTMLElement>('.lane')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'btn btn-block';
    button.textContent = lane.getAttribute('aria-label');
    button.disabled = lane.contains(moved);
    button.addEventListener('click', () => {
      dialog.close();
      void put(moved, lane, model);
    });
    body.append(button);
  }
  dialog.append(head, body);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

async function put(moved: HTMLElement, lane: HTMLElement, model: ListModel): Promise<void> {
  const from = moved.closest<HTMLElement>('.lane');
  const field = moved.closest<HTMLElement>('[data-board]')?.dataset['board'];
  if (!from || !field || from === lane) return;
  const record = moved.dataset['row'] ?? '';
  lane.querySelector('.lane-cards')?.prepend(moved); // at once; the server's word follows
  const write = (to: HTMLElement) => send(`/api/v1/records/${record}`, { method: 'PATCH', body: { changes: { [field]: JSON.parse(to.dataset['value'] ?? 'null') } } });
  try {
    await write(lane);
    await redrawAll(model);
    toast({ text: t('Moved'), action: { label: t('Undo'), run: () => void write(from).then(() => redrawAll(model)) } });
  } catch (error) {
    from.querySelector('.lane-cards')?.prepend(moved);
    toastFailure(error instanceof Problem ? error.issues[0]?.detail || error.detail : '');
  }
}
