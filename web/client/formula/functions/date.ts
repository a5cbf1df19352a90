/** The calendar. Mirrors `functions/date.py`. */
import {
  DAY_MS, FIRST_YEAR, LAST_YEAR, civil, dayInRange, daysOf, fromWall, lengthOfMonth, momentInRange, offset, weekday,
} from '../days';
import type { Calendar, Context } from '../env';
import { ONE, ZERO, whole } from '../numbers';
import { define, withContext, type FunctionDef } from '../signature';
import { Day, Decimal, ErrorValue, Moment, NUM, VALUE, type Value } from '../values';

const LONGEST_WALK = 10_000;
const EVERY_DAY: Calendar = { weekend: new Set([5, 6]), daysOff: new Set(), workdays: new Set() };

/** The day, where a month 13 is next January and a day 0 the last of the month before. */
function dayOf(year: number, month: number, day: number): Day | ErrorValue {
  const start = new Date(Date.UTC(2000, month - 1, 1));
  const first = year + start.getUTCFullYear() - 2000;
  if (Number.isNaN(first) || first < FIRST_YEAR - 1 || first > LAST_YEAR) return NUM;
  return dayInRange(daysOf(first, start.getUTCMonth() + 1, 1) + day - 1);
}

/** Year and month so many months after a day, or null outside the calendar. */
function monthsLater(start: Day, months: number): { year: number; month: number } | null {
  const { year, month } = civil(start);
  const count = year * 12 + month - 1 + months;
  const found = { year: Math.floor(count / 12), month: (((count % 12) + 12) % 12) + 1 };
  return found.year >= FIRST_YEAR && found.year <= LAST_YEAR ? found : null;
}

function date(year: Decimal, month: Decimal, day: Decimal): Value {
  return dayOf(whole(year), whole(month), whole(day));
}

function datetime(
  context: Context, year: Decimal, month: Decimal, day: Decimal, hour = ZERO, minute = ZERO, second = ZERO,
): Value {
  const found = dayOf(whole(year), whole(month), whole(day));
  if (!(found instanceof Day)) return found;
  const wall = found.days * DAY_MS + (whole(hour) * 3600 + whole(minute) * 60 + whole(second)) * 1000;
  const inRange = momentInRange(wall);
  return inRange instanceof Moment ? new Moment(fromWall(wall, context.zone)) : inRange;
}

/** The weekday that WEEKDAY's system counts first, with Monday 0, and the number that it gets. */
function week(system: number): readonly [number, number] | null {
  if (system === 1) return [6, 1];
  if (system === 2) return [0, 1];
  if (system === 3) return [0, 0];
  return system >= 11 && system <= 17 ? [system - 11, 1] : null;
}

function weekdayOf(day: Day, system: Decimal = ONE): Value {
  const found = week(whole(system));
  return found === null ? NUM : new Decimal(((weekday(day.days) - found[0] + 7) % 7) + found[1]);
}

function edate(start: Day, months: Decimal): Value {
  const found = monthsLater(start, whole(months));
  if (!found) return NUM;
  return new Day(daysOf(found.year, found.month, Math.min(civil(start).day, lengthOfMonth(found.year, found.month))));
}

function eomonth(start: Day, months: Decimal): Value {
  const found = monthsLater(start, whole(months));
  return found ? new Day(daysOf(found.year, found.month, lengthOfMonth(found.year, found.month))) : NUM;
}

function datedif(start: Day, end: Day, unit: string): Value {
  if (start.days > end.days) return NUM;
  const from = civil(start);
  const to = civil(end);
  const short = to.day < from.day ? 1 : 0;
  const months = (to.year - from.year) * 12 + to.month - from.month - short;
  switch (unit.toUpperCase()) {
    case 'Y': return new Decimal(Math.floor(months / 12));
    case 'M': return new Decimal(months);
    case 'D': return new Decimal(end.days - start.days);
    case 'YM': return new Decimal(months % 12);
    case 'YD': {
      const earlier = to.month < from.month || (to.month === from.month && to.day < from.day);
      return since(end, dayOf(to.year - (earlier ? 1 : 0), from.month, from.day));
    }
    case 'MD': return since(end, dayOf(to.year, to.month - short, from.day));
    default: return NUM;
  }
}

function since(end: Day, anchor: Day | ErrorValue): Value {
  return anchor instanceof Day ? new Decimal(end.days - anchor.days) : anchor;
}

function isWorkday(calendar: Calendar, days: number): boolean {
  return calendar.workdays.has(days) || (!calendar.weekend.has(weekday(days)) && !calendar.daysOff.has(days));
}

function workday(context: Context, start: Day, count: Decimal, holidays: readonly Value[] = []): Value {
  const calendar = context.calendar ?? EVERY_DAY;
  const off = daysOff(context, holidays);
  let left = Math.abs(whole(count));
  if (off instanceof ErrorValue) return off;
  if (left > LONGEST_WALK) return NUM;
  const step = count.gt(0) ? 1 : -1;
  let days = start.days;
  for (let walked = 0; walked < LONGEST_WALK * 4; walked++) {
    if (!left) return dayInRange(days);
    days += step;
    if (isWorkday(calendar, days) && !off.has(days)) left--;
  }
  return NUM;
}

function networkdays(context: Context, start: Day, end: Day, holidays: readonly Value[] = []): Value {
  const calendar = context.calendar ?? EVERY_DAY;
  const { weekend, workdays } = calendar;
  const off = daysOff(context, holidays);
  if (off instanceof ErrorValue) return off;
  const [first, last, sign] = start.days <= end.days ? [start.days, end.days, 1] : [end.days, start.days, -1];
  const inside = (days: number) => first <= days && days <= last;
  const span = last - first + 1;
  let count = Math.floor(span / 7) * (7 - weekend.size);
  for (let at = 0; at < span % 7; at++) if (!weekend.has(weekday(first + at))) count++;
  for (const days of calendar.daysOff) if (inside(days) && !workdays.has(days) && !weekend.has(weekday(days))) count--;
  for (const days of workdays) if (inside(days) && weekend.has(weekday(days))) count++;
  for (const days of off) if (inside(days) && isWorkday(calendar, days)) count--;
  return new Decimal(sign * count);
}

/** Further days off, as in Excel; a moment counts in the workspace's zone, a blank not at all. */
function daysOff({ zone }: Context, holidays: readonly Value[]): ReadonlySet<number> | ErrorValue {
  const days = new Set<number>();
  for (const item of holidays) {
    if (item instanceof Day) days.add(item.days);
    else if (item instanceof Moment) days.add(Math.floor((item.ms + offset(item.ms, zone)) / DAY_MS));
    else if (item !== null) return VALUE;
  }
  return days;
}

/** A part of the wall clock's time; a date is midnight. */
function clock(size: number, count: number): (context: Context, value: Day | Moment) => Value {
  return ({ zone }, value) => {
    const wall = value instanceof Moment ? value.ms + offset(value.ms, zone) : 0;
    return new Decimal(((Math.floor(wall / size) % count) + count) % count);
  };
}

export const dates: readonly FunctionDef[] = [
  define('DATE', 'number number number -> date', date),
  withContext('DATETIME', 'number number number number? number? number? -> datetime', datetime),
  define('YEAR', 'date -> number', (day: Day) => new Decimal(civil(day).year)),
  define('MONTH', 'date -> number', (day: Day) => new Decimal(civil(day).month)),
  define('DAY', 'date -> number', (day: Day) => new Decimal(civil(day).day)),
  withContext('HOUR', 'moment -> number', clock(3_600_000, 24)),
  withContext('MINUTE', 'moment -> number', clock(60_000, 60)),
  define('WEEKDAY', 'date number? -> number', weekdayOf),
  withContext('TODAY', '-> date', ({ today }: Context) => today),
  withContext('NOW', '-> datetime', ({ now }: Context) => now),
  define('EDATE', 'date number -> date', edate),
  define('EOMONTH', 'date number -> date', eomonth),
  define('DAYS', 'date date -> number', (end: Day, start: Day) => new Decimal(end.days - start.days)),
  define('DATEDIF', 'date date text -> number', datedif),
  withContext('WORKDAY', 'date number list? -> date', workday),
  withContext('NETWORKDAYS', 'date date list? -> number', networkdays),
  withContext('ISHOLIDAY', 'date -> logical', ({ calendar }: Context, day: Day) => !isWorkday(calendar ?? EVERY_DAY, day.days)),
];
