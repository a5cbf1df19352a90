/** `<dialog>` elements: opened by `data-open`, closed by `data-close`, Esc or a press outside; and the one question. */
import { t } from '../i18n';

export function dialogs(): void {
  document.addEventListener('click', (event) => {
    const target = event.target as Element;
    const opener = target.closest<HTMLElement>('[data-open^="#"]');
    if (opener) document.querySelector<HTMLDialogElement>(opener.dataset.open ?? '')?.showModal();
    const open = target.closest('dialog');
    if (open && (target === open || target.closest('[data-close]'))) open.close();
    if (target.closest('[data-print]')) window.print();
    closeMenus(target);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') closeMenus(null);
  });
}

/** A menu closes when one presses elsewhere, or when one of its items was chosen. */
function closeMenus(pressed: Element | null): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>('details.menu[open]')) {
    if (!pressed || !menu.contains(pressed) || pressed.closest('.menu-item')) menu.open = false;
  }
}

export interface Question {
  readonly title: string;
  /** What will happen, to how many. */
  readonly text: string;
  readonly yes: string;
  readonly danger?: boolean;
}

/** Asks before something that cannot be undone. */
export function ask(question: Question): Promise<boolean> {
  const dialog = document.createElement('dialog');
  dialog.className = 'dialog';
  const head = element('header', 'dialog-head', element('h2', '', question.title));
  const body = element('div', 'dialog-body', element('p', '', question.text));
  const no = element('button', 'btn', t('Cancel'));
  const yes = element('button', question.danger ? 'btn btn-danger-solid' : 'btn btn-primary', question.yes);
  dialog.append(head, body, element('footer', 'dialog-foot', no, yes));
  document.body.append(dialog);
  return new Promise((resolve) => {
    no.addEventListener('click', () => dialog.close());
    yes.addEventListener('click', () => dialog.close('yes'));
    dialog.addEventListener('close', () => {
      resolve(dialog.returnValue === 'yes');
      dialog.remove();
    });
    dialog.showModal();
  });
}

function element(tag: string, className: string, ...content: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...content);
  return made;
}
