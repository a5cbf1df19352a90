/** Moments in words (“3 hours ago”), with the exact one on hover. */
import { locale } from '../i18n';

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** Words for a moment: relative within a week, else the date. */
export function relative(moment: Date, now: Date = new Date()): string {
  const seconds = Math.round((moment.getTime() - now.getTime()) / 1000);
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  if (Math.abs(seconds) >= 7 * 86_400) return isoDay(moment);
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
  return unit === 'second' ? format.format(0, 'second') : format.format(Math.trunc(seconds / size), unit);
}

/** 2026-11-23 in the reader's zone. */
export function isoDay(moment: Date): string {
  return [moment.getFullYear(), moment.getMonth() + 1, moment.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-');
}

/** 2026-11-23 14:05 in the reader's zone. */
export function exact(moment: Date): string {
  const clock = [moment.getHours(), moment.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
  return `${isoDay(moment)} ${clock}`;
}

/** Writes words into each `<time data-relative>`; relative to `data-now` where the workspace lives on a chosen day. */
export function relativeTimes(root: ParentNode = document): void {
  const offset = clockOffset();
  for (const element of root.querySelectorAll<HTMLTimeElement>('time[data-relative]')) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    element.textContent = relative(moment, new Date(Date.now() + offset));
    element.title = exact(moment);
  }
}

let started = 0;

/** How far the workspace's clock is from this device's, in milliseconds. */
export function clockOffset(): number {
  const now = document.body.dataset.now;
  started ||= Date.now();
  return now ? new Date(now).getTime() - started : 0;
}
