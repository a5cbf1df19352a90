/** How a value reads as text. Mirrors `spelling.py`. */
import { civil } from './days';
import { canonical } from './numbers';
import { Day, Decimal, Duration, ErrorValue, Moment, Person, VALUE, type Value } from './values';

const UNITS: readonly (readonly [number, string])[] = [[86_400_000, 'D'], [3_600_000, 'H'], [60_000, 'M']];

export function spell(value: Value): string | ErrorValue {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (value instanceof Decimal) return canonical(value);
  if (value instanceof Day) return spellDay(value);
  if (value instanceof Moment) return new Date(value.ms).toISOString().replace('.000Z', 'Z');
  if (value instanceof Duration) return spellDuration(value);
  if (value instanceof Person) return value.name || String(value.id);
  return value instanceof ErrorValue ? value : VALUE;
}

/** What a page shows: the spelling, and of an error its code. */
export function toText(value: Value): string {
  const text = spell(value);
  return text instanceof ErrorValue ? text.code : text;
}

export function spellDay(value: Day): string {
  const { year, month, day } = civil(value);
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
}

export function pad(number: number, width = 2): string {
  return String(number).padStart(width, '0');
}

function spellDuration({ ms }: Duration): string {
  let left = Math.abs(ms);
  const parts = UNITS.map(([size, unit]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count ? `${count}${unit}` : '';
  });
  const clock = parts[1]! + parts[2]! + (left ? `${canonical(new Decimal(left).div(1000))}S` : '');
  const spelled = parts[0]! + (clock ? `T${clock}` : '');
  return `${ms < 0 ? '-' : ''}P${spelled || 'T0S'}`;
}
