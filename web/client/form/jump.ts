/** Where a pointer's control stands on the page. */
import { tick } from 'svelte';

/** The id of the control of a pointer: "/lines/0/applied" → "f-lines-0-applied". */
export function idOf(pointer: string): string {
  return `f${pointer.replaceAll('/', '-')}`;
}

/** Brings the control of a pointer into view and gives it the focus; of a table or photos, their first control. */
export async function jumpTo(pointer: string): Promise<void> {
  nearest(pointer)?.dispatchEvent(new CustomEvent('reveal', { detail: pointer })); // a long table draws the row first
  await tick();
  const element = nearest(pointer);
  if (!element) return;
  const inner = element.matches('input, select, textarea, [contenteditable]') ? element : element.querySelector<HTMLElement>('input, select, textarea, [contenteditable], button');
  element.scrollIntoView?.({ block: 'center' });
  (inner ?? element).focus({ preventScroll: true });
}

function nearest(pointer: string): HTMLElement | null {
  let element: HTMLElement | null = null;
  for (let at = pointer; at && !element; at = at.slice(0, at.lastIndexOf('/'))) element = document.getElementById(idOf(at));
  return element;
}
