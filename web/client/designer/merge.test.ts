import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { merge } from './merge';

interface Vector {
  readonly name: string;
  readonly base: unknown;
  readonly mine: unknown;
  readonly theirs: unknown;
  readonly merged: unknown;
  readonly conflicts: readonly string[];
}
const VECTORS: readonly Vector[] = JSON.parse(readFileSync('tests/vectors/merge.json', 'utf8'));

describe('merging, as the server does it', () => {
  it.each(VECTORS)('$name', ({ base, mine, theirs, merged, conflicts }) => {
    const done = merge(base, mine, theirs);
    expect(done.body).toEqual(merged);
    expect(done.conflicts.map((each) => each.at)).toEqual(conflicts);
  });
});

it('lets mine have its way where it is asked to', () => {
  expect(merge({ a: 1, b: 1 }, { a: 2, b: 1 }, { a: 3, b: 4 }, 'mine').body).toEqual({ a: 2, b: 4 });
});
