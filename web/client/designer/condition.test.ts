import { expect, it } from 'vitest';
import { toCondition, toFormula } from './condition';

it.each([
  ['TRUE', 0],
  ['amount > 5', 1],
  ['a = "x" AND b <> 2', 2],
  ['a OR NOT b OR ISBLANK(c)', 3],
  ['NOT ISBLANK(order.buyer)', 1],
  ['day >= TODAY()', 1],
  ['a = -1', 1],
])('%s is clicked together from %i lines and comes back the same', (text, count) => {
  const condition = toCondition(text);
  expect(condition?.parts).toHaveLength(count);
  expect(toFormula(condition!)).toBe(text);
});

it.each(['a = 1 AND b = 2 OR c = 3', 'SUM(lines.x) > 5', 'a + 1 > 2', '(a = 1)', 'a IN {1, 2}', 'a = 1 AND', 'a >'])('%s is more than clicks can say', (text) => {
  expect(toCondition(text)).toBeNull();
});
