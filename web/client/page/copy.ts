/** Buttons with `data-copy` put their text on the clipboard. */
import { t } from '../i18n';
import { toast } from './toast';

export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text); // no clipboard API on plain-http origins
  }
  toast({ text: t('Copied') });
}

function copyBySelection(text: string): void {
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

export function copyButtons(): void {
  document.addEventListener('click', (event) => {
    const button = (event.target as Element).closest<HTMLElement>('[data-copy]');
    if (button) void copy(button.dataset.copy ?? '');
  });
}
