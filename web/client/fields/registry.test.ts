import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import vectors from '../../../tests/vectors/field_types.json';
import { FIELD_TYPES, KINDS, loadKinds, typesOf } from './registry';

it('renders exactly the field types that the server registers', async () => {
  await loadKinds(FIELD_TYPES);
  expect(FIELD_TYPES).toEqual(vectors.field_types);
  expect([...KINDS.keys()].sort()).toEqual([...vectors.field_types].sort());
});

it('has a file of its own for each', () => {
  for (const name of FIELD_TYPES) expect(readFileSync(`web/client/fields/${name}.svelte`, 'utf8')).toContain(`name: '${name}'`);
});

it('has a drawn icon for each', async () => {
  await loadKinds(FIELD_TYPES);
  const sprite = readFileSync('web/client/icons.svg', 'utf8');
  for (const { icon } of KINDS.values()) expect(sprite).toContain(`id="${icon}"`);
});

it('loads what a form has, columns of its tables among it, and passes over what is unknown', async () => {
  const lines = { key: 'lines', type: 'table', label: 'Lines', access: 'write', fields: [{ key: 'stars', type: 'rating', label: 'Stars', access: 'write' }] } as const;
  expect(typesOf([lines])).toEqual(['table', 'rating']);
  await expect(loadKinds(['hologram', 'constructor'])).resolves.toBeUndefined();
  expect(KINDS.get('hologram')).toBeUndefined();
});
