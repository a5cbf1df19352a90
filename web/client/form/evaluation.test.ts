import { describe, expect, it } from 'vitest';
import { FIELD_TYPES, KINDS, loadKinds } from '../fields/registry';
import { ErrorValue } from '../formula/values';
import { orderForm } from '../testing/model';
import { defaults, Evaluation } from './evaluation';
import { stored } from './stored';
import type { FieldModel, FormModel, Values } from './model';

await loadKinds(FIELD_TYPES);

const at = (model: FormModel, values: Values) => new Evaluation(model, KINDS, values, model.linked ?? {});
const codes = (model: FormModel, values: Values) => at(model, values).issues().map((issue) => `${issue.pointer} ${issue.code}`);

describe('a look at a form', () => {
  const model = orderForm();

  it('works formulas out in the order they need, through links and rows', () => {
    const seen = at(model, { amount: '100.00', lines: [{ item: 7, share: '30.00' }, { item: 7, share: '12.50' }] });
    expect(stored(seen.computed('/lines/1/price') ?? null)).toBe('50');
    expect(stored(seen.computed('/total') ?? null)).toBe('42.5');
    expect(stored(seen.computed('/rest') ?? null)).toBe('57.5');
  });

  it('asks for required fields, only where they are seen', () => {
    expect(codes(model, {})).toEqual(['/title required', '/amount required']);
    expect(codes(model, { title: 'A', amount: '1.00', urgent: true })).toEqual(['/reason required']);
    expect(at(model, { urgent: false }).isHidden('/reason')).toBe(true);
  });

  it('keeps rules of fields, rows and the form', () => {
    expect(codes(model, { title: 'A', amount: '-1.00' })).toContain('/amount rule_failed');
    expect(codes(model, { title: 'A', amount: '100.00', lines: [{ item: 7, share: '51.00' }] })).toEqual(['/lines/0/share rule_failed']);
    expect(codes(model, { title: 'A', amount: '10.00', lines: [{ item: 7, share: '11.00' }] })).toEqual([' rule_failed']);
  });

  it('says what is no value at all, once, and does not calculate on with it', () => {
    const seen = at(model, { title: 'x'.repeat(21), amount: 'ten' });
    expect(seen.issues().map((issue) => issue.code)).toEqual(['too_long', 'not_a_decimal']);
    expect(seen.computed('/rest')).toBeInstanceOf(ErrorValue);
  });

  it('says nothing of what hangs on a record that only the server has', () => {
    const seen = at(model, { title: 'A', amount: '100.00', lines: [{ item: 99, share: '1.00' }] });
    expect(seen.computed('/lines/0/price')).toBeNull();
    expect(seen.issues()).toEqual([]);
  });

  it('takes what is hidden for blank, and asks a table of every row', () => {
    const fields: readonly FieldModel[] = [
      { key: 'on', type: 'boolean', label: 'On', access: 'write' },
      { key: 'fee', type: 'number', label: 'Fee', access: 'write', visible: { tree: { own: ['on'] } } },
      { key: 'sum', type: 'formula', label: 'Sum', access: 'read', formula: { tree: ['+', { own: ['fee'] }, { n: '1' }] } },
      { key: 'rows', type: 'table', label: 'Rows', access: 'write', fields: [{ key: 'n', type: 'number', label: 'N', access: 'write' }], rules: [{ tree: ['>', { row: ['n'] }, { own: ['fee'] }] }] },
    ];
    const form = orderForm({ fields, rules: [] });
    const values = { on: false, fee: '5.00', rows: [{ n: '9.00' }, { n: '0.00' }] };
    expect(stored(at(form, values).computed('/sum') ?? null)).toBe('1');
    expect(codes(form, values)).toEqual(['/rows/1 rule_failed']);
    expect(codes(form, { ...values, on: true })).toEqual(['/rows/1 rule_failed']);
  });

  it('answers a circle with an error value', () => {
    const circle = orderForm({
      fields: [
        { key: 'a', type: 'formula', label: 'A', access: 'read', formula: { tree: ['+', { own: ['b'] }, { n: '1' }] } },
        { key: 'b', type: 'formula', label: 'B', access: 'read', formula: { tree: ['+', { own: ['a'] }, { n: '1' }] } },
      ],
      rules: [],
    });
    expect(at(circle, {}).computed('/a')).toBeInstanceOf(ErrorValue);
  });
});

it('starts a new record with its defaults', () => {
  const model = orderForm();
  const fields = [
    { key: 'day', type: 'date', label: 'Day', access: 'write', default: { tree: ['TODAY'] } },
    { key: 'unit', type: 'text', label: 'Unit', access: 'write', default: { value: 'm' } },
    { key: 'state', type: 'choice', label: 'State', access: 'read', config: { start: 'new', transitions: true } },
  ] as const;
  expect(defaults(model, KINDS, fields, {})).toEqual({ day: '2025-12-24', unit: 'm', state: 'new' });
});
