/** What every page does, tried on small pieces of pages. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { serve } from '../testing/server';
import { ask } from './dialog';
import { keys } from './keys';
import { CHANGED, live, refreshBadges, refreshFragment } from './live';
import { setTheme } from './theme';
import { exact, relative } from './time';
import { carryToast, showCarried } from './toast';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('live', () => {
  class Stream extends EventTarget {
    static readonly opened: Stream[] = [];
    closed = false;
    constructor(readonly url: string) {
      super();
      Stream.opened.push(this);
    }
    close(): void {
      this.closed = true;
    }
  }

  beforeEach(() => {
    Stream.opened.length = 0;
    vi.useFakeTimers();
    vi.stubGlobal('EventSource', Stream);
    document.body.dataset.events = '/events';
    document.body.dataset.badges = '/badges';
    document.body.innerHTML = '<b data-badge="inbox.todo">1</b><div data-fragment="/list" data-topic="record:5">old</div>';
  });
  afterEach(() => {
    delete document.body.dataset.events;
  });

  it('follows the topics of the page and gathers hints that come together', async () => {
    const heard: unknown[] = [];
    document.addEventListener(CHANGED, (event) => heard.push((event as CustomEvent).detail.topics));
    serve({ body: { inbox: { todo: 4 } } });
    live();
    expect(Stream.opened[0]?.url).toBe('/events?topics=inbox,record%3A5');
    for (let n = 0; n < 5; n += 1) Stream.opened[0]?.dispatchEvent(new MessageEvent('changed', { data: '{"topic":"inbox"}' }));
    await vi.advanceTimersByTimeAsync(200);
    expect(heard).toEqual([['inbox']]);
    expect(document.querySelector('[data-badge]')?.textContent).toBe('4');
  });

  it('comes back with growing patience', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    live();
    Stream.opened[0]?.dispatchEvent(new Event('error'));
    expect(Stream.opened[0]?.closed).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(Stream.opened).toHaveLength(2);
    Stream.opened[1]?.dispatchEvent(new Event('error'));
    await vi.advanceTimersByTimeAsync(1_500);
    expect(Stream.opened).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(600);
    expect(Stream.opened).toHaveLength(3);
  });

  it('leaves badges and fragments alone when no answer comes', async () => {
    serve('offline', 'offline');
    await refreshBadges();
    const part = document.querySelector<HTMLElement>('[data-fragment]')!;
    await refreshFragment(part);
    expect(document.querySelector('[data-badge]')?.textContent).toBe('1');
    expect(part.textContent).toBe('old');
  });
});

describe('keys', () => {
  const press = (key: string, target: Element = document.body) => target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));

  it('walk a list, press marked buttons, and stay out of boxes', () => {
    document.body.innerHTML = '<div data-list><a class="list-item" href="#1">1</a><a class="list-item" href="#2">2</a></div><button data-key="a">Approve</button><input>';
    keys();
    const [first, second] = document.querySelectorAll('a');
    press('j');
    expect(document.activeElement).toBe(first);
    press('j', first);
    press('j', second);
    expect(document.activeElement).toBe(second);
    press('k', second);
    expect(document.activeElement).toBe(first);
    const clicked = vi.fn();
    document.querySelector('button')?.addEventListener('click', clicked);
    press('a');
    press('a', document.querySelector('input')!);
    expect(clicked).toHaveBeenCalledTimes(1);
  });
});

it('asks, and takes Esc for no', async () => {
  const answer = ask({ title: 'Remove?', text: '3 rows go.', yes: 'Remove', danger: true });
  const dialog = document.querySelector('dialog')!;
  expect(dialog.textContent).toContain('3 rows go.');
  dialog.dispatchEvent(new Event('close'));
  expect(await answer).toBe(false);
  expect(document.querySelector('dialog')).toBeNull();
});

it('carries a message to the next page, once', () => {
  carryToast('Saved');
  showCarried();
  showCarried();
  expect(document.querySelectorAll('.toast')).toHaveLength(1);
});

it('sets the theme at once and for the next page', () => {
  setTheme('dark');
  expect(document.documentElement.dataset.theme).toBe('dark');
  expect(document.cookie).toContain('theme=dark');
  setTheme('system');
  expect(document.documentElement.dataset.theme).toBeUndefined();
});

it('says moments in words within a week, else as a date', () => {
  document.documentElement.lang = 'en';
  const now = new Date('2025-12-24T08:00:00Z');
  expect(relative(new Date('2025-12-24T05:00:00Z'), now)).toBe('3 hours ago');
  expect(relative(new Date('2025-12-23T08:00:00Z'), now)).toBe('yesterday');
  expect(relative(new Date('2025-11-01T12:00:00Z'), now)).toBe('2025-11-01');
  expect(exact(new Date(2025, 10, 1, 9, 5))).toBe('2025-11-01 09:05');
});
