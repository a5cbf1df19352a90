import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { orderForm } from '../testing/model';
import { problem, serve, watchLocation } from '../testing/server';
import DecisionIsland from './DecisionIsland.svelte';
import type { DecisionModel } from './model';
import { FIELD_TYPES, loadKinds } from '../fields/registry';

await loadKinds(FIELD_TYPES);

const MODEL: DecisionModel = {
  task: 7,
  submit: { url: '/api/v1/tasks/7/decide' },
  next: '/inbox?tab=todo',
  actions: [
    { decision: 'approve', hint: 'on to the supervisor', comment: 'optional' },
    { decision: 'reject', reasons: [{ key: 'amount', label: 'Wrong amount' }], comment: 'required' },
  ],
};

let visited: string[];
beforeEach(() => {
  visited = watchLocation();
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const press = (name: RegExp) => fireEvent.click(screen.getByRole('button', { name }));

describe('the bar of decisions', () => {
  it('approves by one press and opens what comes next', async () => {
    const sent = serve({ body: { next: '/inbox?tab=todo&task=8' } });
    render(DecisionIsland, MODEL);
    await Promise.all([press(/^Approve/), press(/^Approve/)]);
    await waitFor(() => expect(visited).toEqual(['/inbox?tab=todo&task=8']));
    expect(sent).toHaveLength(1);
    expect(sent[0]?.body).toEqual({ decision: 'approve' });
  });

  it('asks for reason and comment before it rejects', async () => {
    const sent = serve({ body: null });
    render(DecisionIsland, MODEL);
    await press(/^Reject/);
    await press(/^Reject/);
    expect(sent).toHaveLength(0);
    expect(screen.getByRole('alert').textContent).toContain('Please fill this in.');
    await fireEvent.change(screen.getByLabelText(/^Reason/), { target: { value: 'amount' } });
    await fireEvent.input(screen.getByLabelText(/^Comment/), { target: { value: ' 100 less ' } });
    await press(/^Reject/);
    await waitFor(() => expect(visited).toEqual(['/inbox?tab=todo']));
    expect(sent[0]?.body).toEqual({ decision: 'reject', reason: 'amount', comment: '100 less' });
  });

  it('says kindly who was faster', async () => {
    serve(problem(409, 'task_closed', { params: { by: 'Li Na', decision: 'approve', at: '2025-12-24T06:03:00Z' } }));
    render(DecisionIsland, MODEL);
    await press(/^Approve/);
    expect((await screen.findByRole('alert')).textContent).toContain('Li Na approved this already.');
    expect(screen.getByRole('link', { name: 'On to the next' }).getAttribute('href')).toBe('/inbox?tab=todo');
    expect(screen.queryByRole('button', { name: /^Approve/ })).toBeNull();
  });

  it('sends the step\'s changes with an approval, and none with a rejection', async () => {
    const record = { id: 5, version: 2, values: { title: 'Desk', amount: '80.00' } };
    const sent = serve({ body: null });
    render(DecisionIsland, { ...MODEL, form: orderForm({ record, draft_key: 'task7' }) });
    await fireEvent.input(screen.getByLabelText(/^Amount/), { target: { value: '90' } });
    await press(/^Approve/);
    await waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]?.body).toEqual({ decision: 'approve', changes: { amount: '90.00' } });
  });

  it('lets nobody approve with a field that is wrong', async () => {
    const record = { id: 5, version: 2, values: { title: 'Desk', amount: '80.00' } };
    const sent = serve();
    render(DecisionIsland, { ...MODEL, form: orderForm({ record, draft_key: null }) });
    await fireEvent.input(screen.getByLabelText(/^Amount/), { target: { value: '-1' } });
    await press(/^Approve/);
    expect((await screen.findByRole('alert')).textContent).toContain('Amount must be positive');
    expect(sent).toHaveLength(0);
  });

  it('keeps the decision when no answer came, and repeats it under the same key', async () => {
    const sent = serve('offline', { body: null });
    render(DecisionIsland, MODEL);
    await press(/^Approve/);
    await screen.findByText(/counts once/);
    await press(/^Approve/);
    await waitFor(() => expect(visited).toHaveLength(1));
    expect(sent[1]?.headers['Idempotency-Key']).toBe(sent[0]?.headers['Idempotency-Key']);
  });

  it('shows a flow\'s own buttons with their own words', () => {
    render(DecisionIsland, { ...MODEL, actions: [{ decision: 'reverse', label: 'Reverse', hint: 'books it back', comment: 'required' }] });
    expect(screen.getByRole('button', { name: /Reverse\s*books it back/ })).toBeTruthy();
  });

  it('hands the task to somebody else, after they were chosen', async () => {
    const people = { items: [{ id: 12, name: 'Li Na', department: 'Finance' }] };
    const sent = serve({ body: people }, { body: { next: '/inbox' } });
    const act = { act: 'transfer', label: 'Hand over', hint: 'They decide instead of you.', many: false };
    render(DecisionIsland, { ...MODEL, seating: { acts: [act], people_url: '/api/v1/people', added: [] } });
    await press(/^Ask somebody else/);
    await fireEvent.click(await screen.findByRole('button', { name: /^Hand over/ }));
    await press(/^Hand over/);
    expect(screen.getByRole('alert').textContent).toContain('Choose somebody.');
    await fireEvent.input(screen.getByRole('combobox'), { target: { value: 'Li' } });
    await fireEvent.click(await screen.findByRole('option', { name: /Li Na/ }));
    await press(/^Hand over/);
    await waitFor(() => expect(visited).toEqual(['/inbox']));
    expect(sent.at(-1)?.body).toEqual({ decision: 'transfer', people: [12] });
  });
});
