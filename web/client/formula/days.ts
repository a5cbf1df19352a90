/** The calendar, counted in days and milliseconds; only UTC methods of Date, never the browser's zone. */
import { Day, type ErrorValue, Moment, NUM } from './values';

export const DAY_MS = 86_400_000;
export const FIRST_YEAR = 1900;
export const LAST_YEAR = 9999;

export interface Civil {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

export interface Clock {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const FIRST_DAY = Date.UTC(FIRST_YEAR, 0, 1) / DAY_MS;
const LAST_DAY = Date.UTC(LAST_YEAR, 11, 31) / DAY_MS;

/** The day, or `#NUM!` outside the calendar. */
export function dayInRange(days: number): Day | ErrorValue {
  return days >= FIRST_DAY && days <= LAST_DAY ? new Day(days) : NUM;
}

/** The moment, or `#NUM!` outside the calendar. */
export function momentInRange(ms: number): Moment | ErrorValue {
  return ms >= FIRST_DAY * DAY_MS && ms < (LAST_DAY + 1) * DAY_MS ? new Moment(ms) : NUM;
}

export function civil(day: Day): Civil {
  const date = new Date(day.days * DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** Days since 1970-01-01; months and days may overflow, as in Date.UTC. */
export function daysOf(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / DAY_MS;
}

/** 0 is Monday. */
export function weekday(days: number): number {
  return (((days + 3) % 7) + 7) % 7;
}

export function lengthOfMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** A day as ISO text has it, or null when there is no such day. */
export function dayFromIso(text: string): Day | null {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) return null;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text) ? new Day(ms / DAY_MS) : null;
}

/** How far a zone's clocks are ahead of UTC at a moment, in milliseconds. */
export function offset(ms: number, zone: string): number {
  if (zone === 'UTC') return 0;
  const parts = Object.fromEntries(formatter(zone).formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000;
}

/** The moment at which a zone's clocks show this many milliseconds since 1970; the earlier of two, as Python's fold 0. */
export function fromWall(wall: number, zone: string): number {
  const before = offset(wall - DAY_MS, zone);
  if (offset(wall - before, zone) === before) return wall - before;
  const after = offset(wall + DAY_MS, zone);
  return offset(wall - after, zone) === after ? wall - after : wall - before;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string): Intl.DateTimeFormat {
  let found = formatters.get(zone);
  if (!found) {
    const numeric = 'numeric';
    found = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
      timeZone: zone, hourCycle: 'h23', year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric,
    });
    formatters.set(zone, found);
  }
  return found;
}
