/** Cards in the order of the way there. The position stays on this device: nothing of it is sent. */
import { inWords, metres, spotOf, type Spot } from './distance';

export type Order = 'usual' | 'near';

interface Standing {
  readonly card: HTMLElement;
  readonly rank: number;
  readonly at: number;
  readonly far: number;
}

/** Says on each card how far it is, and puts the cards of each list into order. Without a position all stay as sent. */
export function arrange(root: ParentNode, here: Spot | null, order: Order): void {
  for (const list of root.querySelectorAll<HTMLElement>('[data-cards]')) {
    const cards = [...list.querySelectorAll<HTMLElement>(':scope > [data-card]')].map((card, now) => standing(card, now, here));
    const sorted = cards.toSorted((one, other) => compared(one, other, order));
    if (sorted.some((each, now) => each !== cards[now])) moved(list, sorted);
  }
}

function standing(card: HTMLElement, now: number, here: Spot | null): Standing {
  card.dataset.at ??= String(now);
  const there = spotOf(card.dataset.place);
  const far = here && there ? metres(here, there) : Infinity;
  const words = card.querySelector('[data-far]');
  if (words && Number.isFinite(far)) words.textContent = inWords(far);
  return { card, rank: Number(card.dataset.rank), at: Number(card.dataset.at), far };
}

/** What is as urgent goes by the way; what has no place, or is as far, as it was sent. */
function compared(one: Standing, other: Standing, order: Order): number {
  const urgency = order === 'usual' ? one.rank - other.rank : 0;
  const way = one.far === other.far ? 0 : one.far - other.far;
  return urgency || way || one.at - other.at;
}

function moved(list: HTMLElement, cards: readonly Standing[]): void {
  const focused = list.contains(document.activeElement) ? (document.activeElement as HTMLElement) : null;
  list.append(...cards.map(({ card }) => card));
  focused?.focus({ preventScroll: true });
}
