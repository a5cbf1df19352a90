import { describe, expect, it } from 'vitest';
import { FIELD_TYPES, KINDS, loadKinds } from '../fields/registry';
import { orderForm } from '../testing/model';
import { FormState } from './state.svelte';

await loadKinds(FIELD_TYPES);

const RECORD = { id: 5, version: 2, values: { title: 'Desk', amount: '80.00', lines: [{ id: 'r1', item: 7, share: '40.00' }] } };

describe('a form being filled in', () => {
  it('changes values by pointer, deep in rows', () => {
    const form = new FormState(orderForm({ record: RECORD }), KINDS);
    form.set('/lines/0/share', '10.00');
    expect(form.valueAt('/lines/0/share')).toBe('10.00');
    expect(form.valueAt('/lines/3/share')).toBe(null);
  });

  it('sends only what differs from the record, rows with their ids and without worked-out columns', () => {
    const form = new FormState(orderForm({ record: RECORD }), KINDS);
    expect(form.changes).toEqual({});
    form.set('/lines', [...(form.valueAt('/lines') as []), { item: 7, share: '1.00' }]);
    form.set('/title', '');
    expect(form.changes).toEqual({ title: null, lines: [{ id: 'r1', item: 7, share: '40.00' }, { item: 7, share: '1.00' }] });
  });

  it('sends nothing of hidden or read-only fields', () => {
    const form = new FormState(orderForm(), KINDS);
    form.set('/urgent', true);
    form.set('/reason', 'because');
    form.set('/urgent', false);
    expect(form.entered).toEqual({ urgent: false });
  });

  it('keeps quiet about what nobody had the chance to fill in', () => {
    const form = new FormState(orderForm(), KINDS);
    expect(form.issues.length).toBeGreaterThan(0);
    expect(form.spoken).toEqual([]);
    form.set('/amount', '-1.00');
    form.touch('/amount');
    expect(form.spoken.map((issue) => issue.pointer)).toEqual(['/amount']);
    form.attempted = true;
    expect(form.issueAt('/title')?.code).toBe('required');
  });

  it('holds what the server refused until that value is changed', () => {
    const form = new FormState(orderForm({ record: RECORD }), KINDS);
    form.refuse([{ pointer: '/lines/0/share', code: 'too_much', detail: 'Too much' }, { pointer: '/title', code: 'taken', detail: 'Taken' }]);
    expect(form.issueAt('/lines/0/share')?.detail).toBe('Too much');
    form.set('/lines', null);
    expect(form.issueAt('/lines/0/share')).toBeUndefined();
    expect(form.issueAt('/title')?.detail).toBe('Taken');
  });
});
