import { describe, expect, test } from 'vitest';
import { emptyValue, fieldAt, operators, read, write } from './conditions';
import { address, bodyOf, type ListField, type ListModel, type Tree } from './model';

function field(key: string, changes: Partial<ListField> = {}): ListField {
  return { key, label: key, type: 'text', kind: 'text', item: 'text', look: 'text', ops: ['eq', 'ne', 'in', 'blank', 'starts', 'contains'], options: [], sortable: true, groupable: true, writable: true, ...changes };
}

const FIELDS = [field('title'), field('state', { ops: ['eq', 'ne', 'in', 'blank'], options: [{ key: 'open', label: 'Open' }] }), field('site', { kind: 'record', item: 'record', form: 'site', fields: [field('city')] })];

function model(changes: Partial<ListModel> = {}): ListModel {
  return {
    form: 'order', title: 'Orders', fields: FIELDS, filter: null, own: { 'f.state': 'open', sort: '-due' }, q: '', view: 'mine', saved: [], kept: null, may: [], me: 1,
    names: { record: {}, person: {} },
    look: { show: 'list', columns: ['title', 'state'], sort: ['-due', 'title'], by: null, start: null, end: null, cover: null, group: { by: 'due', bucket: 'month', desc: false }, sums: ['amount'], colour: 'state', frozen: 1, widths: { title: 200 }, layout: 'table' },
    ...changes,
  };
}

describe('a filter as lines', () => {
  test.each<Tree>([
    { field: 'title', op: 'contains', value: 'x' },
    { and: [{ field: 'title', op: 'eq', value: 'x' }, { or: [{ field: 'state', op: 'in', value: ['open'] }, { field: 'site.city', op: 'blank' }] }] },
    { and: [{ not: { field: 'title', op: 'eq', value: 'x' } }, { field: 'due', op: 'eq', value: { relative: 'next_days', n: 30 } }] },
  ])('comes back as it was: %j', (tree) => expect(write(read(tree))).toEqual(tree));

  test('lines that are not complete yet ask nothing', () => {
    const block = { join: 'and' as const, parts: [{ field: 'title', op: 'eq', value: '' }, { field: 'state', op: 'in', value: [] }, { field: 'due', op: 'between', value: ['2025-01-01', ''] }, { join: 'or' as const, parts: [] }] };
    expect(write(block)).toBeNull();
  });

  test('blank needs no value', () => expect(write({ join: 'and', parts: [{ field: 'title', op: 'not_blank', value: null }] })).toEqual({ field: 'title', op: 'not_blank' }));

  test('options are chosen among, words are looked for', () => {
    expect(operators(FIELDS[1] as ListField)).toEqual(['in', 'not_in', 'blank', 'not_blank']);
    expect(operators(FIELDS[0] as ListField)[0]).toBe('contains');
    expect(emptyValue('in')).toEqual([]);
  });

  test('a path leads through a link', () => expect(fieldAt(FIELDS, 'site.city')?.key).toBe('city'));
});

describe('an address', () => {
  test('takes parts in and out, and a filter takes the place of chips', () => {
    expect(address(model(), { group: 'state' })).toBe('/forms/order?f.state=open&sort=-due&group=state');
    expect(address(model(), { filter: '{}', sort: null })).toBe('/forms/order?filter=%7B%7D');
  });

  test('what is kept is what a view can say', () => {
    expect(bodyOf(model({ filter: { field: 'state', op: 'blank' } }))).toEqual({
      show: 'list', sort: [{ by: 'due', desc: true }, { by: 'title', desc: false }], frozen: 1, widths: { title: 200 }, layout: 'table', sums: ['amount'], columns: ['title', 'state'],
      colour: 'state', group: { by: 'due', desc: false, bucket: 'month' }, filter: { field: 'state', op: 'blank' }, view: 'mine',
    });
  });
});
