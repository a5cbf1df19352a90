/** Every message is written so that the catalogue's extractor finds it: `t('literal'` on one line, no escapes in it. */
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const FILES = globSync('web/client/**/*.{ts,svelte}').filter((path) => !/\.test\.ts$|\/i18n\.ts$|\/formula\//.test(path));

it.each(FILES)('%s', (path) => {
  const calls = [...readFileSync(path, 'utf8').matchAll(/(?<![\w.'"])t\((?!\)).{0,40}/g)].map(([call]) => call);
  for (const call of calls) expect(call).toMatch(/^t\('[^'\\]+/);
});

it('sees the sources', () => {
  expect(FILES.length).toBeGreaterThan(50);
});
