import { expect, it } from 'vitest';
import { dayOf, isDay, isoOf } from './day';

it('counts days without any time zone', () => {
  expect(dayOf('1970-01-02').days).toBe(1);
  expect(isoOf(dayOf('2026-11-23'))).toBe('2026-11-23');
});

it.each(['2026-02-30', '2026-2-3', '20261123', 'today', '', null, 5])('%s is no day', (json) => {
  expect(isDay(json)).toBe(false);
});

it('knows leap days', () => {
  expect(isDay('2024-02-29')).toBe(true);
});
