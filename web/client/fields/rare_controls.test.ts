/** What the rarer controls do under people's hands. */
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import Field from '../form/Field.svelte';
import FormFields from '../form/FormFields.svelte';
import type { FieldModel, Json } from '../form/model';
import { FormState } from '../form/state.svelte';
import { orderForm } from '../testing/model';
import { serve } from '../testing/server';
import { draw, read, type Block } from './blocks';
import { FIELD_TYPES, KINDS, loadKinds } from './registry';

await loadKinds(FIELD_TYPES);

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function show(field: Partial<FieldModel> & Pick<FieldModel, 'type'>, value: Json = null) {
  const whole = { key: 'x', label: 'X', access: 'write', ...field } as FieldModel;
  const form = new FormState(orderForm({ fields: [whole], rules: [], record: { id: 1, version: 1, values: { x: value } } }), KINDS);
  render(Field, { field: whole, form, pointer: '/x', id: 'f-x' });
  return form;
}

it('a duration is typed in its units, and what the boxes do not show stays', async () => {
  const form = show({ type: 'duration', config: { unit: 'hours' } }, 'PT1H30M5S');
  expect((screen.getByLabelText('X: Minutes') as HTMLInputElement).value).toBe('30');
  await fireEvent.input(screen.getByLabelText('X: Hours'), { target: { value: '26' } });
  expect(form.valueAt('/x')).toBe('PT26H30M5S');
});

it('a cascade asks level by level, and a change above forgets what was below', async () => {
  const options = [{ key: 'east', label: 'East', options: [{ key: 'sh', label: 'Shanghai' }] }, { key: 'west', label: 'West' }];
  const form = show({ type: 'cascade', config: { options } }, ['east', 'sh']);
  expect(screen.getAllByRole('combobox')).toHaveLength(2);
  await fireEvent.change(screen.getByLabelText('X, level 1'), { target: { value: 'west' } });
  expect(form.valueAt('/x')).toEqual(['west']);
  expect(screen.getAllByRole('combobox')).toHaveLength(1);
});

it('choices stand in the order of the options, and retired ones are offered to nobody new', async () => {
  const options = [{ key: 'a', label: 'A' }, { key: 'b', label: 'B' }, { key: 'old', label: 'Old', retired: true }];
  const form = show({ type: 'choices', config: { options } }, ['b']);
  expect(screen.queryByLabelText('Old')).toBeNull();
  await fireEvent.click(screen.getByLabelText('A'));
  expect(form.valueAt('/x')).toEqual(['a', 'b']);
  cleanup();
  show({ type: 'choice', config: { options } }, 'old');
  expect(screen.getByLabelText('Old')).toBeTruthy();
});

it('several records are found by name, shown as pills and taken away', async () => {
  serve({ body: { items: [{ id: 7, display: 'Chair', values: {} }, { id: 8, display: 'Table', values: {} }], next: null } });
  const form = show({ type: 'links', config: { form: 'item', max: 5 } }, [7]);
  form.remember('item', { id: 7, display: 'Chair', values: {} });
  await fireEvent.click(screen.getByRole('combobox'));
  expect(await screen.findAllByRole('option')).toHaveLength(1); // the one that is there is not offered again
  await fireEvent.keyDown(screen.getByRole('combobox'), { key: 'Enter' });
  expect(form.valueAt('/x')).toEqual([7, 8]);
  await fireEvent.click(screen.getByRole('button', { name: 'Remove Chair' }));
  expect(form.valueAt('/x')).toEqual([8]);
});

it('stars are given, and given back by the same star', async () => {
  const form = show({ type: 'rating', config: { stars: 5 } });
  await fireEvent.click(screen.getByRole('radio', { name: '4 of 5 stars' }));
  expect(form.valueAt('/x')).toBe(4);
  await fireEvent.click(screen.getByRole('radio', { name: '4 of 5 stars' }));
  expect(form.valueAt('/x')).toBeNull();
});

describe('a location', () => {
  it('tells formulas how exact it is', () => {
    const place = KINDS.get('location')?.toValue({ lat: '31.230400', lon: '121.473700', crs: 'gcj02', accuracy: '12.0' }, {} as FieldModel);
    expect(place).toMatchObject({ crs: 'GCJ-02' });
    expect(String((place as { accuracy: unknown }).accuracy)).toBe('12');
  });

  const found = { coords: { latitude: 31.2304, longitude: 121.4737, accuracy: 12.34 } };

  it('is read from the device with how exact it is', async () => {
    vi.stubGlobal('navigator', { ...navigator, geolocation: { getCurrentPosition: (ok: (at: unknown) => void) => ok(found) } });
    const form = show({ type: 'location' });
    await fireEvent.click(screen.getByRole('button', { name: 'Use my position' }));
    expect(form.valueAt('/x')).toEqual({ lat: '31.230400', lon: '121.473700', accuracy: '12.3', crs: 'wgs84' });
    await fireEvent.input(screen.getByLabelText('X: Latitude'), { target: { value: '30' } });
    expect(form.valueAt('/x')).toEqual({ lat: '30', lon: '121.473700', crs: 'wgs84' }); // measured by nobody
  });

  it('says why it cannot be read', async () => {
    const refused = { code: 1, PERMISSION_DENIED: 1 };
    vi.stubGlobal('navigator', { ...navigator, geolocation: { getCurrentPosition: (_: unknown, no: (error: unknown) => void) => no(refused) } });
    show({ type: 'location', config: { capture: 'only' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Use my position' }));
    await waitFor(() => expect(screen.getByRole('status').textContent).toContain('may not ask'));
    expect(screen.queryByLabelText('X: Latitude')).toBeNull();
  });
});

it('a code can always be typed', async () => {
  const form = show({ type: 'scan' });
  await fireEvent.input(screen.getByLabelText('X'), { target: { value: '690123' } });
  expect(form.valueAt('/x')).toBe('690123');
  expect(screen.queryByRole('button', { name: 'Scan X' })).toBeNull(); // this browser cannot read codes
});

describe('rich text', () => {
  const blocks: Block[] = [
    { is: 'h', runs: [{ text: 'Title' }] },
    { is: 'p', runs: [{ text: 'a ' }, { text: 'b', bold: true }, { text: '<script>alert(1)</script>' }] },
    { is: 'li', runs: [{ text: 'one' }] },
    { is: 'ol', runs: [{ text: 'first', link: 'https://example.com/' }] },
    { is: 'quote', runs: [{ text: 'said', italic: true }] },
  ];

  it('is drawn as elements and texts, and read back the same', () => {
    const paper = document.createElement('div');
    draw(blocks, paper);
    expect(paper.querySelector('script')).toBeNull();
    expect(read(paper)).toEqual(blocks);
  });

  it('makes no link of what is none', () => {
    const paper = document.createElement('div');
    draw([{ is: 'p', runs: [{ text: 'x', link: 'javascript:alert(1)' }] }], paper);
    expect(paper.querySelector('a')).toBeNull();
    const foreign = document.createElement('div');
    const link = document.createElement('a');
    link.setAttribute('href', 'javascript:alert(1)');
    link.append('x');
    foreign.append(link, document.createElement('img'));
    expect(read(foreign)).toEqual([{ is: 'p', runs: [{ text: 'x' }] }]);
  });
});

it('a value of which a type is not known is shown and cannot be edited', () => {
  show({ type: 'hologram' }, { deep: 1 });
  expect(screen.queryByRole('textbox')).toBeNull();
});

describe('a layout', () => {
  const field = (key: string): FieldModel => ({ key, type: 'text', label: key.toUpperCase(), access: 'write', required: key === 'c' });
  const layout = [
    { items: ['a', { shows: 'note', text: 'Mind this', tone: 'warn' }, { shows: 'divider' }] },
    { tab: 'One', items: ['b'] },
    { tab: 'Two', items: ['c'] },
  ] as const;

  it('shows notes and lines between fields, tabs by arrow keys, and counts what is wrong behind them', async () => {
    const form = new FormState(orderForm({ fields: ['a', 'b', 'c'].map(field), rules: [], layout }), KINDS);
    render(FormFields, { form });
    expect(screen.getByText('Mind this')).toBeTruthy();
    expect(screen.getByRole('separator')).toBeTruthy();
    const [one, two] = screen.getAllByRole('tab') as [HTMLElement, HTMLElement];
    expect(one.getAttribute('aria-selected')).toBe('true');
    form.attempted = true;
    await waitFor(() => expect(two.textContent).toContain('1'));
    await fireEvent.keyDown(one, { key: 'ArrowRight' });
    expect(two.getAttribute('aria-selected')).toBe('true');
    expect(document.activeElement).toBe(two);
  });
});
