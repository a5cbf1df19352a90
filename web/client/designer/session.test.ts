import { afterEach, expect, it, vi } from 'vitest';
import { problem, serve } from '../testing/server';
import { set } from './commands';
import type { FormDefinition } from './definition';
import { Session } from './session.svelte';

const FORM: FormDefinition = { key: 'order', title: 'Order', fields: [{ key: 'a', type: 'text' }, { key: 'b', type: 'text' }] };
const STATE = { definition: FORM, live: FORM, revision: 4, live_version: 1, problems: [] };
const session = () => new Session({ form: 'order', locale: 'en', url: '/forms/order', state: STATE });

afterEach(() => vi.unstubAllGlobals());

it('undoes without limit, and typing into one box is one step', () => {
  serve();
  const one = session();
  for (let at = 0; at < 500; at += 1) one.apply(set(one.definition, 'a', 'max_length', at + 1));
  one.apply(set(one.definition, 'b', 'help', 'H'), 'b help');
  one.apply(set(one.definition, 'b', 'help', 'He'), 'b help');
  one.undo();
  expect(one.definition.fields[1]).toEqual({ key: 'b', type: 'text' });
  for (let at = 0; at < 500; at += 1) one.undo();
  expect(one.definition).toEqual(FORM);
  expect(one.canUndo).toBe(false);
  one.redo();
  expect(one.definition.fields[0]?.max_length).toBe(1);
});

it('takes in what somebody else saved, and undoing takes back only its own', async () => {
  const one = session();
  const mine = set(FORM, 'a', 'help', 'mine');
  const both = set(mine, 'b', 'help', 'theirs');
  const sent = serve({ body: { ...STATE, definition: both, revision: 6 } }, { body: { ...STATE, definition: set(FORM, 'b', 'help', 'theirs'), revision: 7 } });
  one.apply(mine);
  await one.save();
  expect(sent[0]).toMatchObject({ method: 'PUT', url: '/forms/order/draft' });
  expect(sent[0]?.headers['If-Match']).toBe('"4"');
  expect(one.definition).toEqual(both);
  one.undo();
  expect(one.definition).toEqual(set(FORM, 'b', 'help', 'theirs'));
  await one.save();
  expect(sent[1]?.headers['If-Match']).toBe('"6"');
});

it('never writes over the same place, and lets one say whose it is', async () => {
  const one = session();
  const theirs = set(FORM, 'a', 'help', 'theirs');
  const refused = problem(409, 'revision_conflict');
  const sent = serve(refused, { body: { ...STATE, definition: theirs, revision: 5 } }, { body: { ...STATE, definition: set(FORM, 'a', 'help', 'mine'), revision: 6 } });
  one.apply(set(FORM, 'a', 'help', 'mine'));
  await one.save();
  expect(one.saving).toBe('overtaken');
  await one.settle('mine');
  expect(sent[2]?.body).toEqual({ definition: set(FORM, 'a', 'help', 'mine') });
  expect(sent[2]?.headers['If-Match']).toBe('"5"');
  expect(one.saving).toBe('saved');
});
