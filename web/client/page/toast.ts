/** Short messages at the foot of the page, read aloud; one with an action stays longer. */
import { t } from '../i18n';
import { icon } from './icon';

export interface Toast {
  readonly text: string;
  readonly bad?: boolean;
  readonly action?: { readonly label: string; run(): void };
}

const CARRIED = 'formloom.toast';

function place(): HTMLElement {
  let element = document.querySelector<HTMLElement>('.toasts');
  if (!element) {
    element = document.createElement('div');
    element.className = 'toasts';
    element.setAttribute('role', 'status');
    element.setAttribute('aria-live', 'polite');
    document.body.append(element);
  }
  return element;
}

export function toast({ text, bad = false, action }: Toast): void {
  const element = document.createElement('div');
  element.className = bad ? 'toast toast-bad' : 'toast';
  const words = document.createElement('span');
  words.textContent = text;
  element.append(icon(bad ? 'alert' : 'check-circle'), words);
  if (action) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = action.label;
    button.addEventListener('click', () => {
      element.remove();
      action.run();
    });
    element.append(button);
  }
  place().append(element);
  setTimeout(() => element.remove(), action || bad ? 8000 : 3500);
}

/** Shown on the page that opens next. */
export function carryToast(text: string): void {
  sessionStorage.setItem(CARRIED, text);
}

/** Shows what the last page left, and what the server put into `[data-toast]`. */
export function showCarried(): void {
  const carried = sessionStorage.getItem(CARRIED);
  sessionStorage.removeItem(CARRIED);
  if (carried) toast({ text: carried });
  for (const element of document.querySelectorAll<HTMLElement>('[data-toast]')) {
    toast({ text: element.dataset.toast ?? '', bad: element.dataset.tone === 'bad' });
  }
}

/** For failures without a place of their own. */
export function toastFailure(detail: string): void {
  toast({ text: detail || t('That did not work. Please try again.'), bad: true });
}
