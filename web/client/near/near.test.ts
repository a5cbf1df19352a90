/** Cards that know how far away they are: the figures, the words, the orders, and a position that is only asked for. */
import { fireEvent, render, screen } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { arrange } from './cards';
import { inWords, metres, spotOf } from './distance';
import Near from './Near.svelte';

const SHANGHAI = { lat: 31.2304, lon: 121.4737 };

function cards(...said: readonly [string, number, string][]): HTMLElement {
  const work = document.createElement('div');
  work.className = 'work';
  work.innerHTML = `<ul data-cards>${said.map(([id, rank, place]) => `<li data-card="${id}" data-rank="${rank}" data-place="${place}"><b data-far>Map</b></li>`).join('')}</ul>`;
  document.body.replaceChildren(work);
  return work;
}

const order = (work: ParentNode) => [...work.querySelectorAll<HTMLElement>('[data-card]')].map((card) => card.dataset.card).join('');

it('is as far as the formula DISTANCE says', () => {
  expect(metres(SHANGHAI, { lat: 31.1443, lon: 121.8083 })).toBeCloseTo(33_237.5194, 3);
  expect(metres(SHANGHAI, SHANGHAI)).toBe(0);
});

it('reads places, and nothing else', () => {
  expect(spotOf('31.2304,121.4737')).toEqual(SHANGHAI);
  for (const none of [undefined, '', 'here', '31.2']) expect(spotOf(none)).toBeNull();
});

it.each([
  [4, '0'],
  [356, '360'],
  [1_234, '1.2'],
  [250_400, '250'],
])('says %d metres as %s', (far, words) => {
  expect(inWords(far)).toContain(words);
});

it('puts what is urgent first and the way second, or the way alone; what has no place comes last', () => {
  const work = cards(['a', 0, '31.3304,121.4737'], ['b', 0, '31.2404,121.4737'], ['c', 1, '31.2305,121.4737'], ['d', 1, '']);
  arrange(work, null, 'near');
  expect(order(work)).toBe('abcd');
  arrange(work, SHANGHAI, 'usual');
  expect(order(work)).toBe('bacd');
  arrange(work, SHANGHAI, 'near');
  expect(order(work)).toBe('cbad');
  expect(work.querySelector('[data-card=d] [data-far]')?.textContent).toBe('Map');
  arrange(work, null, 'usual');
  expect(order(work), 'as it was sent').toBe('abcd');
});

describe('the island', () => {
  const locate = vi.fn();

  beforeEach(() => {
    sessionStorage.clear();
    locate.mockReset();
    vi.stubGlobal('navigator', { geolocation: { getCurrentPosition: locate }, permissions: { query: () => Promise.resolve({ state: 'prompt' }) } });
  });

  function mounted(): HTMLElement {
    const work = cards(['far', 0, '31.3304,121.4737'], ['near', 1, '31.2305,121.4737']);
    render(Near, { target: work, props: { usual: 'By priority' } });
    return work;
  }

  it('asks for the position only when somebody wants it, and says when it may not', async () => {
    const work = mounted();
    await Promise.resolve();
    expect(locate).not.toHaveBeenCalled();
    await fireEvent.click(screen.getByRole('button', { name: 'Nearest first' }));
    expect(locate).toHaveBeenCalledOnce();
    locate.mock.calls[0]?.[1]({ code: 1, PERMISSION_DENIED: 1 });
    expect(await screen.findByText(/may not ask where you are/)).toBeTruthy();
    expect(order(work)).toBe('farnear');
  });

  it('puts the nearest first, and keeps to it when the list comes again', async () => {
    const work = mounted();
    await fireEvent.click(screen.getByRole('button', { name: 'Nearest first' }));
    locate.mock.calls[0]?.[0]({ coords: { latitude: 31.2304, longitude: 121.4737, accuracy: 12 } });
    await vi.waitFor(() => expect(order(work)).toBe('nearfar'));
    const again = mounted();
    await vi.waitFor(() => expect(order(again)).toBe('nearfar'));
    expect(locate).toHaveBeenCalledOnce();
    await fireEvent.click(screen.getByRole('button', { name: 'By priority' }));
    expect(order(again)).toBe('farnear');
  });
});
