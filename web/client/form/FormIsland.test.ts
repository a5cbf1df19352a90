import { cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { orderForm } from '../testing/model';
import { problem, serve, watchLocation } from '../testing/server';
import FormIsland from './FormIsland.svelte';
import { FIELD_TYPES, loadKinds } from '../fields/registry';

await loadKinds(FIELD_TYPES);

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const type = (label: string | RegExp, value: string) => fireEvent.input(screen.getByLabelText(label), { target: { value } });
const submit = () => fireEvent.click(screen.getByRole('button', { name: 'Submit' }));

async function fillIn() {
  await type(/^Title/, 'Chairs');
  await type(/^Amount/, '1,200.5');
}

describe('the form runtime', () => {
  it('says what is missing, beside the fields and in a summary that jumps', async () => {
    serve();
    render(FormIsland, { props: orderForm() });
    expect(screen.queryByRole('alert')).toBeNull();
    await submit();
    const summary = await screen.findByRole('alert');
    expect(within(summary).getAllByRole('listitem')).toHaveLength(2);
    await fireEvent.click(within(summary).getByRole('button', { name: 'Amount' }));
    const amount = screen.getByLabelText(/^Amount/);
    expect(document.activeElement).toBe(amount);
    expect(amount.getAttribute('aria-invalid')).toBe('true');
    expect(document.getElementById(amount.getAttribute('aria-describedby') ?? '')?.textContent).toContain('Please fill this in.');
  });

  it('sends canonical values once, however often one presses', async () => {
    const visited = watchLocation();
    const sent = serve({ status: 201, body: { id: 42 } });
    render(FormIsland, { props: orderForm() });
    await fillIn();
    await Promise.all([submit(), submit(), fireEvent.keyDown(window, { key: 'Enter', ctrlKey: true })]);
    await waitFor(() => expect(visited).toEqual(['/records/42']));
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({ method: 'POST', url: '/api/v1/forms/order/records', body: { values: { title: 'Chairs', amount: '1200.50' } } });
    expect(sent[0]?.headers['Idempotency-Key']).toMatch(/^[0-9a-f]{32}$/);
  });

  it('repeats an unanswered request with the same key, another request with another', async () => {
    watchLocation();
    const sent = serve('offline', problem(422, 'invalid_input'), { status: 201, body: { id: 1 } });
    render(FormIsland, { props: orderForm() });
    await fillIn();
    await submit();
    await screen.findByText(/No connection/);
    await submit();
    await screen.findByText('invalid_input');
    await type(/^Title/, 'Tables');
    await submit();
    await waitFor(() => expect(sent).toHaveLength(3));
    const [first, second, third] = sent.map((request) => request.headers['Idempotency-Key']);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('puts the server\'s issues beside the fields that they point to', async () => {
    serve(problem(422, 'invalid_input', { issues: [{ pointer: '/title', code: 'taken', detail: 'This title is taken' }] }));
    render(FormIsland, { props: orderForm() });
    await fillIn();
    await submit();
    await waitFor(() => expect(screen.getByLabelText(/^Title/).getAttribute('aria-invalid')).toBe('true'));
    expect(screen.getAllByText(/This title is taken/).length).toBe(2);
    expect((screen.getByLabelText(/^Title/) as HTMLInputElement).value).toBe('Chairs');
  });

  it('brings back what was typed after a reload, and forgets it once it was sent', async () => {
    vi.useFakeTimers();
    const visited = watchLocation();
    serve({ status: 201, body: { id: 1 } });
    render(FormIsland, { props: orderForm() });
    await fillIn();
    await vi.advanceTimersByTimeAsync(700);
    cleanup();
    vi.useRealTimers();
    render(FormIsland, { props: orderForm() });
    await screen.findByText(/is back/);
    expect((screen.getByLabelText(/^Amount/) as HTMLInputElement).value).toBe('1,200.50');
    await submit();
    await waitFor(() => expect(visited).toHaveLength(1));
    cleanup();
    render(FormIsland, { props: orderForm() });
    expect((screen.getByLabelText(/^Amount/) as HTMLInputElement).value).toBe('');
  });

  it('shows and asks for a field when a formula says so', async () => {
    serve();
    render(FormIsland, { props: orderForm() });
    expect(screen.queryByLabelText(/^Reason/)).toBeNull();
    await fireEvent.click(screen.getByRole('switch'));
    expect(screen.getByLabelText(/^Reason/).getAttribute('aria-required')).toBe('true');
  });

  it('sends only the changes of a record, under its version', async () => {
    watchLocation();
    const sent = serve({ body: { id: 5 } });
    const record = { id: 5, version: 2, values: { title: 'Desk', amount: '80.00' } };
    render(FormIsland, { props: orderForm({ record, submit: { url: '/api/v1/records/5', method: 'PATCH', etag: '"2"', next: '/records/5' } }) });
    await type(/^Title/, 'Desks');
    await fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]).toMatchObject({ method: 'PATCH', body: { changes: { title: 'Desks' } } });
    expect(sent[0]?.headers['If-Match']).toBe('"2"');
  });

  it('only shows, where nothing may be submitted', () => {
    render(FormIsland, { props: orderForm({ submit: null, record: { id: 5, version: 2, values: { title: 'Desk', amount: '1280.00' } } }) });
    expect(screen.queryByRole('textbox')).toBeNull();
    expect(screen.queryByRole('button')).toBeNull();
    expect(screen.getAllByText('¥1,280.00')).toHaveLength(2); // the amount and what is left of it
  });
});
