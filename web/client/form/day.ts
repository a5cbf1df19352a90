/** Calendar days between text and the formula language's counted days; never through a local time. */
import { Day, Moment } from '../formula/values';

const MS = 86_400_000;

/** "2026-11-23" → the day; NaN days for nonsense. */
export function dayOf(iso: string): Day {
  return new Day(Date.parse(`${iso}T00:00:00Z`) / MS);
}

export function isoOf(day: Day): string {
  return new Date(day.days * MS).toISOString().slice(0, 10);
}

/** Whether text is a day that exists, written as a record holds it. */
export function isDay(json: unknown): json is string {
  if (typeof json !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(json)) return false;
  const { days } = dayOf(json);
  return Number.isFinite(days) && isoOf(new Day(days)) === json;
}

/** UTC to the second, as a record holds a moment. */
export function isoMoment(moment: Moment): string {
  return `${new Date(moment.ms).toISOString().slice(0, 19)}Z`;
}
