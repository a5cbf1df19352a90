/** Time left in words that go on by themselves. Only the text changes, once a minute at most, and nobody is interrupted. */
import { locale } from '../i18n';

const EVERY = 10_000;
const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

const seen = new WeakMap<HTMLElement, number>();

/** Seconds in words, as the server writes them: minutes, hours, and from two days on days. */
export function amount(seconds: number, days: boolean): string {
  const size = Math.abs(seconds);
  const [unit, value] =
    size < HOUR
      ? ['minute', Math.max(1, Math.floor(size / MINUTE))]
      : size < 2 * DAY || !days
        ? ['hour', Math.floor(size / HOUR)]
        : ['day', Math.floor(size / DAY)];
  const words = new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'long', useGrouping: false });
  return words.format(value).replace(/(\d)(?=[^\d\s])/, '$1 ');
}

/** Brings every `<time data-left>` up to date; `data-ticks` is for how many seconds it may count. */
export function count(root: ParentNode = document, now: number = performance.now()): void {
  for (const element of root.querySelectorAll<HTMLElement>('time[data-left]')) {
    const { left, ticks, words } = element.dataset;
    const first = seen.get(element) ?? now;
    seen.set(element, first);
    const passed = Math.min((now - first) / 1000, ticks === undefined ? Infinity : Number(ticks));
    const seconds = Math.floor(Number(left) - passed);
    const [ahead, over] = (words ?? '').split('|');
    if (passed < 1 || !ahead || !over) continue;
    const text = (seconds < 0 ? over : ahead).replace('{}', amount(seconds, element.dataset.hours === undefined));
    if (element.textContent !== text) element.textContent = text;
    if (seconds < 0) element.classList.add('due-late');
  }
}

export function counting(): void {
  count();
  setInterval(() => count(), EVERY);
}
