import { beforeEach, describe, expect, it } from 'vitest';
import { amount, count } from './left';

beforeEach(() => {
  document.documentElement.lang = 'en';
});

describe('time left', () => {
  it('says what the server says', () => {
    expect(amount(59, true)).toBe('1 minute');
    expect(amount(3_599, true)).toBe('59 minutes');
    expect(amount(-3_600, true)).toBe('1 hour');
    expect(amount(2 * 86_400, true)).toBe('2 days');
    expect(amount(50 * 3_600, false)).toBe('50 hours');
    document.documentElement.lang = 'zh-CN';
    expect(amount(3 * 3_600, true)).toBe('3 小时');
  });

  it('counts, and stands still when no time counts any more', () => {
    document.body.innerHTML =
      '<time data-left="120" data-words="{} left|{} overdue">2 minutes left</time>' +
      '<time data-left="7200" data-ticks="60" data-hours data-words="{} left|{} overdue">2 hours left</time>' +
      '<time data-left="7200" data-ticks="0" data-hours data-words="{} left|{} overdue">2 hours left</time>';
    const told = () => [...document.querySelectorAll('time')].map((each) => each.textContent);
    count(document, 0);
    expect(told()).toEqual(['2 minutes left', '2 hours left', '2 hours left']);
    count(document, 70_000);
    expect(told()).toEqual(['1 minute left', '1 hour left', '2 hours left']);
    count(document, 4_000_000);
    expect(told()).toEqual(['1 hour overdue', '1 hour left', '2 hours left']);
    expect(document.querySelector('time')?.classList.contains('due-late')).toBe(true);
  });
});
