/** A table of a thousand rows answers as one types: a change works out what hangs on it, and nothing else. */
import { describe, expect, it } from 'vitest';
import { FIELD_TYPES, KINDS, loadKinds } from '../fields/registry';
import { orderForm } from '../testing/model';
import { Evaluation } from './evaluation';
import type { FieldModel, Json, Values } from './model';
import { FormState } from './state.svelte';
import { stored } from './stored';

await loadKinds(FIELD_TYPES);

const ROWS = 1000;
const own = (...path: string[]) => ({ own: path });
const row = (...path: string[]) => ({ row: path });
const number = (key: string, more: Partial<FieldModel> = {}): FieldModel => ({ key, type: 'number', label: key, access: 'write', config: { decimals: 2 }, ...more });
const formula = (key: string, tree: unknown): FieldModel => ({ key, type: 'formula', label: key, access: 'read', formula: { tree } });

const fields: readonly FieldModel[] = [
  number('rate'),
  {
    key: 'lines', type: 'table', label: 'Lines', access: 'write',
    fields: [
      number('count', { rules: [{ tree: ['>=', row('count'), { n: '0' }] }] }),
      number('price', { required: true }),
      formula('amount', ['*', row('count'), row('price')]),
      formula('taxed', ['*', row('amount'), own('rate')]),
    ],
  },
  formula('total', ['SUM', own('lines', 'amount')]),
  formula('other', ['SUM', own('lines', 'price')]),
];
const lines = Array.from({ length: ROWS }, (_, at) => ({ id: `r${at}`, count: '2.00', price: `${at}.00` }));
const values: Values = { rate: '1.10', lines };
const model = orderForm({ fields, rules: [{ tree: ['>=', own('total'), { n: '0' }] }] });

function changed(at: number, count: string): Values {
  return { ...values, lines: lines.map((line, index) => (index === at ? { ...line, count } : line)) as Json[] };
}

function everything(evaluation: Evaluation) {
  evaluation.issues();
  for (const key of ['/total', '/other']) evaluation.computed(key);
  for (let at = 0; at < ROWS; at += 1) evaluation.computed(`/lines/${at}/taxed`);
}

describe('a thousand rows', () => {
  it('work out only the dependants of the cell that changed', () => {
    const evaluation = new Evaluation(model, KINDS, values, {});
    everything(evaluation);
    const before = evaluation.graph.worked;
    evaluation.take(changed(500, '5.00'), {});
    everything(evaluation);
    expect(evaluation.graph.worked - before).toBeLessThan(40);
    expect(stored(evaluation.computed('/lines/500/amount') ?? null)).toBe('2500');
    expect(stored(evaluation.computed('/total') ?? null)).toBe(String(999 * 1000 + 1500));
  });

  it('say what is wrong in the right row after rows moved', () => {
    const evaluation = new Evaluation(model, KINDS, changed(500, '-1.00'), {});
    expect(evaluation.issues().map(({ pointer }) => pointer)).toEqual(['/lines/500/count']);
    const before = evaluation.graph.worked;
    evaluation.take({ ...values, lines: (changed(500, '-1.00').lines as Json[]).slice(1) }, {});
    expect(evaluation.issues().map(({ pointer }) => pointer)).toEqual(['/lines/499/count']);
    expect(evaluation.graph.worked - before).toBeLessThan(40);
  });

  it('answer a keystroke within a tenth of a second, the whole form state with them', () => {
    const form = new FormState(orderForm({ ...model, record: { id: 1, version: 1, values } }), KINDS);
    void form.issues.length;
    const start = performance.now();
    for (let press = 0; press < 5; press += 1) {
      form.set('/lines/500/count', `${press}.00`);
      void form.issues.length;
      form.computed('/total');
    }
    expect((performance.now() - start) / 5).toBeLessThan(100);
  });
});
