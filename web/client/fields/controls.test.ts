/** What the controls do under people's hands. */
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import Field from '../form/Field.svelte';
import { FormState } from '../form/state.svelte';
import type { FieldModel } from '../form/model';
import { orderForm } from '../testing/model';
import { serve } from '../testing/server';
import { FIELD_TYPES, KINDS, loadKinds } from './registry';

await loadKinds(FIELD_TYPES);

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function show(field: Partial<FieldModel> & Pick<FieldModel, 'type'>, value: FormState['values'][string] = null) {
  const whole = { key: 'x', label: 'X', access: 'write', ...field } as FieldModel;
  const form = new FormState(orderForm({ fields: [whole], rules: [], record: { id: 1, version: 1, values: { x: value } } }), KINDS);
  render(Field, { field: whole, form, pointer: '/x', id: 'f-x' });
  return form;
}
const box = () => screen.getByLabelText('X', { selector: 'input' }) as HTMLInputElement;

describe('numbers', () => {
  it('show separators at rest and bare digits in the hand', async () => {
    const form = show({ type: 'money', config: { currency: 'CNY' } }, '1234567.50');
    expect(box().value).toBe('1,234,567.50');
    await fireEvent.focus(box());
    expect(box().value).toBe('1234567.50');
    await fireEvent.input(box(), { target: { value: '12abc' } });
    await fireEvent.blur(box());
    expect(form.valueAt('/x')).toBe('12abc');
    expect(box().value).toBe('12abc');
  });

  it('are percent on the screen and a fraction in the record', async () => {
    const form = show({ type: 'percent', config: { decimals: 2 } }, '0.0525');
    expect(box().value).toBe('5.25');
    await fireEvent.input(box(), { target: { value: '7.5' } });
    expect(form.valueAt('/x')).toBe('0.0750');
  });
});

describe('the link picker', () => {
  const items = [{ id: 7, display: 'Chair', values: { price: '50.00' } }, { id: 8, display: 'Table', sub: 'oak', values: {} }];

  it('asks with what is entered, moves by keys, picks by Enter', async () => {
    const sent = serve({ body: { items, next: null } });
    const form = show({ type: 'link', config: { form: 'item' } });
    await fireEvent.click(box());
    expect(await screen.findAllByRole('option')).toHaveLength(2);
    expect(sent[0]).toMatchObject({ url: '/api/v1/forms/order/lookup', method: 'POST', body: { field: 'x', q: '', row: null, record: 1 } });
    await fireEvent.keyDown(box(), { key: 'ArrowDown' });
    await fireEvent.keyDown(box(), { key: 'Enter' });
    expect(form.valueAt('/x')).toBe(8);
    expect(box().value).toBe('Table');
    expect(box().getAttribute('aria-expanded')).toBe('false');
  });

  it('offers to add a new one when a search finds nothing', async () => {
    serve({ body: { items: [], next: null } });
    show({ type: 'link', config: { form: 'item', create: '/forms/item/new' } });
    await fireEvent.input(box(), { target: { value: 'Sofa' } });
    expect((await screen.findByRole('link', { name: 'Add a new one' })).getAttribute('href')).toBe('/forms/item/new');
  });

  it('says when the list could not be loaded', async () => {
    serve('offline');
    show({ type: 'link', config: { form: 'item' } });
    await fireEvent.click(box());
    expect(await screen.findByRole('alert')).toBeTruthy();
  });
});

describe('choices', () => {
  const options = ['a', 'b', 'c', 'd', 'e'].map((key) => ({ key, label: key.toUpperCase() }));

  it('are buttons when few and a list when many', async () => {
    const few = show({ type: 'choice', config: { options: options.slice(0, 3) } });
    await fireEvent.click(screen.getByRole('radio', { name: 'B' }));
    expect(few.valueAt('/x')).toBe('b');
    cleanup();
    const many = show({ type: 'choice', config: { options } });
    await fireEvent.change(screen.getByRole('combobox'), { target: { value: 'e' } });
    expect(many.valueAt('/x')).toBe('e');
  });

  it('that are a status are shown, not asked', () => {
    show({ type: 'choice', config: { options: [{ key: 'a', label: 'Open', color: 'blue' }], transitions: true } }, 'a');
    expect(screen.getByText('Open').className).toContain('chip-blue');
    expect(screen.queryByRole('radio')).toBeNull();
  });

  it('that are a status are asked where a new record may begin in several', async () => {
    const form = show({ type: 'choice', config: { options: options.slice(0, 3), transitions: true, starts: ['a', 'c'] } }, 'a');
    expect(screen.getAllByRole('radio').map((radio) => (radio as HTMLInputElement).value)).toEqual(['a', 'c']);
    await fireEvent.click(screen.getByRole('radio', { name: 'C' }));
    expect(form.valueAt('/x')).toBe('c');
    expect(form.changes).toEqual({ x: 'c' });
  });
});

describe('a table', () => {
  const fields = [
    { key: 'name', type: 'text', label: 'Name', access: 'write' },
    { key: 'price', type: 'number', label: 'Price', access: 'write', config: { decimals: 2 } },
  ] as const;
  const cell = (row: number, key: string) => document.getElementById(`f-x-${row}-${key}`) as HTMLInputElement;

  it('grows by button and by Enter in the last row, shrinks by its row', async () => {
    const form = show({ type: 'table', fields });
    await fireEvent.click(screen.getByRole('button', { name: 'Add a row' }));
    await fireEvent.input(cell(0, 'name'), { target: { value: 'one' } });
    await fireEvent.keyDown(cell(0, 'name'), { key: 'Enter' });
    await waitFor(() => expect(cell(1, 'name')).toBeTruthy());
    await fireEvent.input(cell(1, 'name'), { target: { value: 'two' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Remove row 1' }));
    expect(form.valueAt('/x')).toEqual([{ name: 'two' }]);
  });

  it('takes a block from a spreadsheet', async () => {
    const form = show({ type: 'table', fields }, [{ id: 'r1', name: 'old', price: '1.00' }]);
    const event = new Event('paste', { bubbles: true, cancelable: true }) as Event & { clipboardData: unknown };
    event.clipboardData = { getData: () => 'Chair\t¥1,200.50\r\nTable\t80\r\n' };
    cell(0, 'name').dispatchEvent(event);
    expect(form.valueAt('/x')).toEqual([{ id: 'r1', name: 'Chair', price: '1200.50' }, { name: 'Table', price: '80.00' }]);
  });
});

it('keeps and shows the value of a type that it does not know', () => {
  const form = show({ type: 'hologram' }, { deep: 1 });
  expect(screen.getByText('{"deep":1}')).toBeTruthy();
  expect(form.changes).toEqual({});
});
