/** The box that a formula is written in: text with chips in it. A place in it is counted in characters of the formula. */
import type { Piece } from './pieces';

export function draw(box: HTMLElement, drawn: readonly Piece[]): void {
  box.replaceChildren(
    ...drawn.map((piece) => {
      if ('text' in piece) return document.createTextNode(piece.text);
      const chip = document.createElement('span');
      chip.className = 'name-chip';
      chip.contentEditable = 'false';
      chip.dataset.name = piece.chip.name;
      chip.title = piece.chip.name;
      chip.textContent = piece.chip.label;
      return chip;
    }),
    // The caret finds a place behind a last chip only where there is text.
    document.createTextNode('\u200b'),
  );
}

function lengthOf(node: Node): number {
  return written(node).length;
}

function written(node: Node): string {
  if (node instanceof HTMLElement) return node.dataset.name ?? [...node.childNodes].map(written).join('');
  return (node.textContent ?? '').replaceAll('\u200b', '').replaceAll('\u00a0', ' ');
}

/** The formula. */
export function read(box: HTMLElement): string {
  return [...box.childNodes].map(written).join('').replace(/\s*\n\s*/g, ' ');
}

export function caretIn(box: HTMLElement): number {
  const selection = getSelection();
  const node = selection?.focusNode;
  if (!selection || !node || !box.contains(node)) return read(box).length;
  let count = 0;
  const children = [...box.childNodes];
  if (node === box) return children.slice(0, selection.focusOffset).reduce((sum, child) => sum + lengthOf(child), 0);
  for (const child of children) {
    if (child.contains(node)) {
      if (child instanceof HTMLElement && child.dataset.name) return count + lengthOf(child);
      return count + (node.textContent ?? '').slice(0, selection.focusOffset).replaceAll('\u200b', '').length;
    }
    count += lengthOf(child);
  }
  return count;
}

export function putCaret(box: HTMLElement, at: number): void {
  const [node, offset] = spotAt(box, at);
  const range = document.createRange();
  range.setStart(node, offset);
  range.collapse(true);
  const selection = getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
}

function spotAt(box: HTMLElement, at: number): readonly [Node, number] {
  let rest = at;
  const children = [...box.childNodes];
  for (const [index, child] of children.entries()) {
    const length = lengthOf(child);
    if (!(child instanceof HTMLElement) && (rest < length || (rest === length && (length > 0 || index === children.length - 1)))) return [child, rest];
    if (rest < length) return [box, index];
    rest -= length;
  }
  return [box, children.length];
}

/** Underlines what is wrong, where the browser can; the words below say it anyway. */
export function mark(box: HTMLElement, place: readonly [number, number] | null): void {
  if (typeof Highlight === 'undefined' || !CSS.highlights) return;
  CSS.highlights.delete('formula-problem');
  if (!place) return;
  const range = document.createRange();
  range.setStart(...spotAt(box, place[0]));
  range.setEnd(...spotAt(box, place[1]));
  CSS.highlights.set('formula-problem', new Highlight(range));
}
