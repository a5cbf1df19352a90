import { describe, expect, it } from 'vitest';
import { amount, canonical, currencyDecimals, grouped, rounded, shifted, tidy } from './decimal';
import { Decimal } from '../formula/values';

describe('what people type', () => {
  it.each([
    ['1280', '1280.00'],
    ['1,280.5', '1280.50'],
    ['１２８０．５', '1280.50'],
    ['¥ 99', '99.00'],
    ['007', '7.00'],
    ['-.5', '-0.50'],
    ['-0', '0.00'],
    ['1.500', '1.50'],
    ['12.', '12.00'],
  ])('%s is %s', (typed, text) => {
    expect(canonical(typed, 2)).toEqual({ text });
  });

  it.each([
    ['1.005', 'too_many_decimals'],
    ['abc', 'not_a_decimal'],
    ['1e5', 'not_a_decimal'],
    ['1_000', 'not_a_decimal'],
    ['--1', 'not_a_decimal'],
    ['٣', 'not_a_decimal'],
    ['12345678901234567', 'too_large'],
  ])('%s is refused as %s', (typed, code) => {
    expect(canonical(typed, 2)).toEqual({ code });
  });

  it('leaves what it does not understand', () => {
    expect(tidy(' 12 ab')).toBe('12ab');
  });
});

describe('what people read', () => {
  it('separates thousands', () => {
    expect(grouped('1234567.50')).toBe('1,234,567.50');
    expect(grouped('-1234')).toBe('-1,234');
    expect(grouped('123')).toBe('123');
  });

  it('writes amounts with the sign of their currency', () => {
    expect(amount('-1280.00', 'CNY')).toBe('-¥1,280.00');
    expect(currencyDecimals('JPY')).toBe(0);
  });

  it('rounds half away from zero', () => {
    expect(rounded(new Decimal('2.5'), 0)).toBe('3');
    expect(rounded(new Decimal('-2.5'), 0)).toBe('-3');
    expect(rounded(new Decimal('0.125'), 2)).toBe('0.13');
    expect(rounded(new Decimal('-0.001'), 2)).toBe('0.00');
  });

  it('moves the point of a percentage', () => {
    expect(shifted('0.0525', 2, 2)).toBe('5.25');
    expect(shifted('5.25', -2, 4)).toBe('0.0525');
  });
});
