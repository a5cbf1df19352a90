/** Dragging a row by its grip with mouse, pen or finger: pointer events, no library. */

interface Over {
  readonly key: string;
  readonly side: 'before' | 'after';
}

export class Dragging {
  key: string | null = $state(null);
  over: Over | null = $state.raw(null);

  constructor(private readonly ondrop: (key: string, section: number, index: number) => void) {}

  grab(event: PointerEvent, key: string): void {
    if (event.button !== 0) return;
    const grip = event.currentTarget as HTMLElement;
    grip.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent): void => {
      this.key = key;
      this.over = this.rowAt(moved, key);
    };
    const end = (ended: PointerEvent): void => {
      grip.removeEventListener('pointermove', move);
      grip.removeEventListener('pointerup', end);
      grip.removeEventListener('pointercancel', end);
      if (ended.type === 'pointerup' && this.over) this.drop(key, this.over);
      this.key = null;
      this.over = null;
    };
    grip.addEventListener('pointermove', move);
    grip.addEventListener('pointerup', end);
    grip.addEventListener('pointercancel', end);
  }

  private rowAt(event: PointerEvent, key: string): Over | null {
    const row = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>('.field-row');
    const under = row?.dataset.key;
    if (!row || !under || under === key) return null;
    const box = row.getBoundingClientRect();
    return { key: under, side: event.clientY < box.top + box.height / 2 ? 'before' : 'after' };
  }

  private drop(key: string, over: Over): void {
    const row = document.querySelector<HTMLElement>(`.field-row[data-key="${CSS.escape(over.key)}"]`);
    const list = row?.closest<HTMLElement>('[data-section]');
    const index = [...(list?.querySelectorAll('.field-row') ?? [])].indexOf(row as Element);
    if (list && index >= 0) this.ondrop(key, Number(list.dataset.section), over.side === 'before' ? index : index + 1);
  }
}
