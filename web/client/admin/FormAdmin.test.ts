import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, expect, it, vi } from 'vitest';
import { problem, serve } from '../testing/server';
import FormAdmin from './FormAdmin.svelte';
import { FIELD_TYPES, loadKinds } from '../fields/registry';

await loadKinds(FIELD_TYPES);

const definition = {
  key: 'order',
  title: { 'zh-CN': '订单', en: 'Order' },
  fields: [
    { key: 'a', type: 'text', label: { 'zh-CN': '甲', en: 'A' } },
    { key: 'b', type: 'number', label: { 'zh-CN': '乙', en: 'B' } },
  ],
};
const state = { definition, live: definition, revision: 4, live_version: 1, problems: [] };
const model = { form: 'order', locale: 'en', draft_url: '/draft', publish_url: '/publish', state };

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const rows = () => [...document.querySelectorAll<HTMLElement>('.field-row')].map((row) => row.dataset.key);

it('says that saved is not published, undoes and redoes', async () => {
  const sent = serve({ body: { ...state, revision: 5 } }, { body: { ...state, revision: 6 } });
  render(FormAdmin, model);
  expect(screen.getByText('Published, version 1')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'Move A down' }));
  expect(rows()).toEqual(['b', 'a']);
  expect(screen.getByText('Unpublished changes')).toBeTruthy();
  await waitFor(() => expect(sent).toHaveLength(1), { timeout: 2000 });
  expect(sent[0]).toMatchObject({ method: 'PUT', url: '/draft' });
  expect(sent[0]?.headers['If-Match']).toBe('"4"');
  await fireEvent.click(screen.getByRole('button', { name: 'Undo' }));
  expect(rows()).toEqual(['a', 'b']);
  await fireEvent.click(screen.getByRole('button', { name: 'Redo' }));
  expect(rows()).toEqual(['b', 'a']);
  await waitFor(() => expect(sent).toHaveLength(2), { timeout: 2000 });
});

it('moves by arrow keys on the grip', async () => {
  serve();
  render(FormAdmin, model);
  await fireEvent.keyDown(screen.getByRole('button', { name: /^Move B: / }), { key: 'ArrowUp' });
  expect(rows()).toEqual(['b', 'a']);
  await screen.findByText('The draft is not saved.', {}, { timeout: 2000 });
});

it('adds a required field and publishes it under its revision', async () => {
  const sent = serve({ body: { ...state, revision: 5 } }, { body: { version: 2, revision: 6, problems: [] } });
  render(FormAdmin, model);
  await fireEvent.click(screen.getByRole('button', { name: 'Add a field' }));
  await fireEvent.click(screen.getByRole('button', { name: 'Amount' }));
  await fireEvent.input(document.querySelector('[name="en"]')!, { target: { value: 'Fee' } });
  await fireEvent.click(document.querySelector('[name="required"]')!);
  await fireEvent.click(screen.getByRole('button', { name: 'Add' }));
  expect(rows()).toEqual(['a', 'b', 'fee']);
  await fireEvent.click(screen.getByRole('button', { name: 'Publish…' }));
  expect(screen.getByText('New required field “Fee”')).toBeTruthy();
  await fireEvent.click(screen.getByRole('button', { name: 'Publish' }));
  await waitFor(() => expect(screen.getByText('Published, version 2')).toBeTruthy());
  expect((sent[0]?.body as { definition: typeof definition }).definition.fields[2]).toEqual({ key: 'fee', type: 'money', label: { 'zh-CN': 'Fee', en: 'Fee' }, currency: 'CNY', required: true });
  expect(sent[1]).toMatchObject({ method: 'POST', url: '/publish' });
  expect(sent[1]?.headers['If-Match']).toBe('"5"');
});

it('never writes over what somebody else saved', async () => {
  serve(problem(412, 'version_conflict'));
  render(FormAdmin, model);
  await fireEvent.click(screen.getByRole('button', { name: 'Move A down' }));
  expect((await screen.findByRole('alert', {}, { timeout: 2000 })).textContent).toContain('Somebody else changed this draft');
});

it('shows problems at the fields they are about', () => {
  const problems = [{ pointer: '/fields/1/label', code: 'required', detail: 'A name is missing' }, { pointer: '/rules/0', code: 'unknown_name', detail: 'A rule names no field' }];
  render(FormAdmin, { ...model, state: { ...state, problems } });
  expect(document.querySelector('[data-key="b"]')?.textContent).toContain('A name is missing');
  expect(screen.getByRole('alert').textContent).toContain('A rule names no field');
});
