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

it('keeps what is typed while it publishes as the next draft', async () => {
  const one = session();
  const first = set(FORM, 'a', 'help', 'published');
  const second = set(first, 'b', 'help', 'typed meanwhile');
  const sent = serve(
    { body: { ...STATE, definition: first, revision: 5 } },
    { body: { ...STATE, definition: first, live: first, live_version: 2, revision: 6, version: 2, job: null } },
    { body: { ...STATE, definition: second, live: first, live_version: 2, revision: 7 } },
  );
  one.apply(first);
  await one.save();
  const publishing = one.publish('', false);
  await vi.waitFor(() => expect(sent).toHaveLength(2));
  one.apply(second);
  const saving = one.save();
  expect(await publishing).toEqual({ version: 2, job: null });
  expect(one.definition).toEqual(second);
  expect(one.live).toEqual(first);
  expect(one.unpublished).toBe(true);
  await saving;
  expect(sent[2]).toMatchObject({ method: 'PUT', body: { definition: second } });
  expect(sent[2]?.headers['If-Match']).toBe('"6"');
  expect(one.saving).toBe('saved');
  one.undo();
  expect(one.definition).toEqual(first);
});

it('keeps what is typed while the server refuses to publish', async () => {
  const one = session();
  const typed = set(FORM, 'b', 'help', 'typed meanwhile');
  const sent = serve(problem(409, 'would_lose'), { body: { ...STATE, definition: typed, revision: 5 } });
  const refused = expect(one.publish('', false)).rejects.toMatchObject({ code: 'would_lose' });
  await vi.waitFor(() => expect(sent).toHaveLength(1));
  one.apply(typed);
  await refused;
  await one.save();
  expect(sent[1]).toMatchObject({ method: 'PUT', body: { definition: typed } });
  expect(one.saving).toBe('saved');
});
