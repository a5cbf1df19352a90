import { afterEach, expect, it, vi } from 'vitest';
import { serve } from '../testing/server';
import { tellSeen } from './seen';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  delete document.body.dataset.seen;
  delete document.body.dataset.badges;
});

it('says that the page is looked at, once, and the badges follow', async () => {
  document.body.dataset.seen = '/records/5';
  document.body.dataset.badges = '/badges';
  document.body.innerHTML = '<b data-badge="notifications">1</b>';
  const sent = serve({ status: 200 }, { body: { notifications: 0 } });
  tellSeen();
  await vi.waitFor(() => expect(document.body.textContent).toBe(''));
  document.dispatchEvent(new Event('visibilitychange'));
  expect(sent).toHaveLength(2);
  expect(sent[0]).toMatchObject({ method: 'POST', url: '/notifications/seen', body: { link: '/records/5' } });
});

it('says nothing of a page in a tab behind until somebody looks at it, nor where nothing was unread', () => {
  const sent = serve({ status: 200 });
  tellSeen();
  document.body.dataset.seen = '/records/5';
  const state = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
  tellSeen();
  expect(sent).toHaveLength(0);
  state.mockReturnValue('visible');
  document.dispatchEvent(new Event('visibilitychange'));
  expect(sent).toHaveLength(1);
});
