import { expect, it } from 'vitest';
import vectors from '../../../tests/vectors/field_types.json';
import { readFileSync } from 'node:fs';
import { FIELD_KINDS } from './registry';

it('renders exactly the field types that the server registers', () => {
  expect(FIELD_KINDS.map((kind) => kind.name)).toEqual(vectors.field_types);
});

it('has a file of its own for each', () => {
  for (const { name } of FIELD_KINDS) expect(readFileSync(`web/client/fields/${name}.svelte`, 'utf8')).toContain(`name: '${name}'`);
});

it('has a drawn icon for each', () => {
  const sprite = readFileSync('web/client/icons.svg', 'utf8');
  for (const { icon } of FIELD_KINDS) expect(sprite).toContain(`id="${icon}"`);
});
