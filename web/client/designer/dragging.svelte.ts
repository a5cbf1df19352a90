/** Dragging with mouse, pen or finger: from the palette or within the form. What is keyboard's is done by commands. */
import type { Place, Spot } from './commands';

/** What is in the hand: something of the form, or a new one of a type. */
export type Load = { readonly spot: Spot } | { readonly type: string };

const FAR = 5;
const EDGE = 60;

export class Dragging {
  load: Load | null = $state.raw(null);
  over: Place | null = $state.raw(null);
  /** Where the pointer is, for the words that follow it. */
  x = $state(0);
  y = $state(0);
  /** A press that became a drag is no click. */
  moved = false;

  constructor(
    private readonly may: (load: Load, place: Place) => boolean,
    private readonly drop: (load: Load, place: Place) => void,
  ) {}

  grab(event: PointerEvent, load: Load): void {
    if (event.button !== 0) return;
    const from = { x: event.clientX, y: event.clientY };
    const target = event.currentTarget as HTMLElement;
    this.moved = false;
    const move = (moved: PointerEvent): void => {
      if (!this.moved && Math.hypot(moved.clientX - from.x, moved.clientY - from.y) < FAR) return;
      if (!this.moved) {
        this.moved = true;
        target.setPointerCapture?.(event.pointerId);
        this.load = load;
      }
      moved.preventDefault();
      this.x = moved.clientX;
      this.y = moved.clientY;
      if (moved.clientY < EDGE + 60) scrollBy(0, -12);
      else if (moved.clientY > innerHeight - EDGE) scrollBy(0, 12);
      const place = placeAt(moved.clientX, moved.clientY);
      this.over = place && this.may(load, place) ? place : null;
    };
    const end = (ended: Event): void => {
      for (const name of ['pointermove', 'pointerup', 'pointercancel'] as const) removeEventListener(name, name === 'pointermove' ? (move as EventListener) : end);
      removeEventListener('keydown', escape);
      if (ended.type === 'pointerup' && this.moved && this.over) this.drop(load, this.over);
      this.load = this.over = null;
    };
    const escape = (pressed: KeyboardEvent): void => {
      if (pressed.key === 'Escape') end(pressed);
    };
    addEventListener('pointermove', move);
    addEventListener('pointerup', end);
    addEventListener('pointercancel', end);
    addEventListener('keydown', escape);
  }
}

/** The place in the form under a point: before or after the block there, or at the end of the list. */
function placeAt(x: number, y: number): Place | null {
  const under = document.elementFromPoint(x, y);
  const list = under?.closest<HTMLElement>('[data-list-of]');
  if (!list) return null;
  const block = under?.closest<HTMLElement>('[data-block]');
  const blocks = [...list.querySelectorAll<HTMLElement>(':scope > [data-block]')];
  const own = block && list.contains(block) ? block : nearest(blocks, x, y);
  let index = blocks.length;
  if (own) {
    const box = own.getBoundingClientRect();
    const beside = own.parentElement !== null && getComputedStyle(own.parentElement).gridTemplateColumns.split(' ').length > 1 && !own.classList.contains('wide');
    const after = beside ? x > box.left + box.width / 2 : y > box.top + box.height / 2;
    index = blocks.indexOf(own) + (after ? 1 : 0);
  }
  const name = list.dataset.listOf ?? '';
  return name.startsWith('t:') ? { table: name.slice(2), index } : { section: Number(name.slice(2)), index };
}

function nearest(blocks: readonly HTMLElement[], x: number, y: number): HTMLElement | null {
  let best: HTMLElement | null = null;
  let least = Infinity;
  for (const block of blocks) {
    const box = block.getBoundingClientRect();
    const distance = Math.hypot(Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));
    if (distance < least) [best, least] = [block, distance];
  }
  return best;
}
