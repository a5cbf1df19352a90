/** Where a pointer's control stands on the page. */

/** The id of the control of a pointer: "/lines/0/applied" → "f-lines-0-applied". */
export function idOf(pointer: string): string {
  return `f${pointer.replaceAll('/', '-')}`;
}

/** Brings the control of a pointer into view and gives it the focus; of a table or photos, their first control. */
export function jumpTo(pointer: string): void {
  let element: HTMLElement | null = null;
  for (let at = pointer; at && !element; at = at.slice(0, at.lastIndexOf('/'))) element = document.getElementById(idOf(at));
  if (!element) return;
  const inner = element.matches('input, select, textarea') ? element : element.querySelector<HTMLElement>('input, select, textarea, button');
  element.scrollIntoView?.({ block: 'center' });
  (inner ?? element).focus({ preventScroll: true });
}
