import { describe, expect, it } from 'vitest';
import { add, duplicate, freshKey, mayMove, move, moveSection, remove, removeSection, retype, set, step } from './commands';
import { canvasModel } from './canvas';
import { same, sectionsOf, type FormDefinition } from './definition';
import { rekey, tokens, usesOf } from './names';
import { keysOf } from './settings';
import { fromLines, toLines } from './ways';

const FORM: FormDefinition = {
  kind: 'form',
  key: 'order',
  title: { 'zh-CN': '订单', en: 'Order' },
  display: ['a'],
  fields: [
    { key: 'a', type: 'text', label: { 'zh-CN': '甲', en: 'A' } },
    { key: 'b', type: 'number', label: { 'zh-CN': '乙', en: 'B' }, required: { '=': 'a = "x"' } },
    { key: 'lines', type: 'table', fields: [{ key: 'share', type: 'money', currency: 'CNY', rules: [{ assert: 'row.share > b' }] }, { key: 'note', type: 'text' }] },
    { key: 'total', type: 'formula', value: 'SUM(lines.share) + b' },
  ],
  layout: [{ section: { en: 'One' }, columns: 2, items: ['a', { note: 'Read this' }, 'b'] }, { items: ['lines', 'total'] }],
  list: ['a', 'b'],
  unique: [['a', 'b']],
  access: [{ role: 'clerk', may: ['create'], fields: { b: 'read', 'lines.share': 'hidden' } }],
  guest: { fields: ['a'] },
};
const { layout: _, ...PLAIN } = FORM;
const order = (form: FormDefinition) => sectionsOf(form).map((section) => section.items.map((item) => (typeof item === 'string' ? item : '*')).join(' '));

describe('places', () => {
  it('move within a section, across sections, and without a layout', () => {
    expect(order(move(FORM, { path: 'a' }, { section: 0, index: 3 }))).toEqual(['* b a', 'lines total']);
    expect(order(move(FORM, { path: 'a' }, { section: 1, index: 1 }))).toEqual(['* b', 'lines a total']);
    expect(order(move(PLAIN as FormDefinition, { path: 'total' }, { section: 0, index: 0 }))).toEqual(['total a b lines']);
    expect(order(move(FORM, { section: 0, index: 1 }, { section: 1, index: 0 }))).toEqual(['a b', '* lines total']);
  });

  it('step through the borders of sections and stop at the ends', () => {
    expect(order(step(FORM, { path: 'b' }, 1))).toEqual(['a *', 'b lines total']);
    expect(order(step(FORM, { path: 'lines' }, -1))).toEqual(['a * b lines', 'total']);
    expect(step(FORM, { path: 'a' }, -1)).toBe(FORM);
  });

  it('move columns, and keep what is published on its level', () => {
    expect(move(FORM, { path: 'lines.note' }, { table: 'lines', index: 0 }).fields[2]?.fields?.map((each) => each.key)).toEqual(['note', 'share']);
    expect(mayMove(FORM, null, { path: 'b' }, { table: 'lines', index: 0 })).toBe(true);
    expect(mayMove(FORM, FORM, { path: 'b' }, { table: 'lines', index: 0 })).toBe(false);
    expect(mayMove(FORM, null, { path: 'lines' }, { table: 'lines', index: 0 })).toBe(false);
    const out = move(FORM, { path: 'lines.note' }, { section: 0, index: 0 });
    expect(order(out)[0]).toBe('note a * b');
    expect(out.fields[2]?.fields).toHaveLength(1);
  });

  it('a section that goes leaves its fields to its neighbour', () => {
    expect(order(removeSection(FORM, 1))).toEqual(['a * b lines total']);
    expect(order(removeSection(FORM, 0))).toEqual(['a * b lines total']);
    expect(order(moveSection(FORM, 1, -1))).toEqual(['lines total', 'a * b']);
  });
});

describe('fields', () => {
  it('come and go without a trace', () => {
    const grown = add(FORM, { key: 'd', type: 'date' }, { section: 0, index: 1 });
    expect(order(grown)[0]).toBe('a d * b');
    expect(same(remove(grown, 'd'), FORM)).toBe(true);
  });

  it('take their names along from lists, rights, titles and groups', () => {
    const left = remove(FORM, 'b');
    expect(left).toMatchObject({ list: ['a'], display: ['a'], access: [{ role: 'clerk', may: ['create'], fields: { 'lines.share': 'hidden' } }] });
    expect(left.unique).toBeUndefined();
    expect(left.guest).toBe(FORM.guest);
    expect(remove(FORM, 'lines').access?.[0]?.fields).toEqual({ b: 'read' });
  });

  it('are copied under a key of their own, columns too', () => {
    expect(duplicate(FORM, 'a')?.path).toBe('a_2');
    expect(order(duplicate(FORM, 'a')!.definition)[0]).toBe('a a_2 * b');
    expect(duplicate(FORM, 'lines.share')?.path).toBe('lines.share_2');
  });

  it('change their type and keep what both can say', () => {
    const text = set(set(FORM, 'a', 'max_length', 5), 'a', 'help', 'Help');
    expect(retype(text, 'a', 'number', {}, keysOf('number')).fields[0]).toEqual({ key: 'a', type: 'number', label: FORM.fields[0]?.label, help: 'Help' });
  });

  it.each([['Bank name', 'bank_name'], ['', 'text_1'], ['备注', 'text_1'], ['a', 'a_2'], ['2nd', 'text_1'], ['ID', 'id_2'], ['Number', 'number_2']])('give %j the key %s', (english, key) => {
    expect(freshKey(FORM, 'text', english)).toBe(key);
  });

  it('touch nothing else', () => {
    expect(move(FORM, { path: 'a' }, { section: 1, index: 1 }).access).toBe(FORM.access);
  });
});

describe('names', () => {
  it('say where a field is read', () => {
    expect(usesOf(FORM, 'b').map((use) => `${use.path} ${use.what}`)).toEqual(['lines.share rule', 'total value']);
    expect(usesOf(FORM, 'lines.share').map((use) => use.path)).toEqual(['total']);
    expect(usesOf(FORM, 'a').map((use) => use.what)).toEqual(['required']);
  });

  it('change a key wherever it stands, and nowhere else', () => {
    const next = rekey(FORM, 'b', 'count');
    expect(next.fields[2]?.fields?.[0]?.rules).toEqual([{ assert: 'row.share > count' }]);
    expect(next).toMatchObject({ list: ['a', 'count'], unique: [['a', 'count']] });
    expect(next.fields[3]?.value).toBe('SUM(lines.share) + count');
    expect(rekey(FORM, 'lines.share', 'part').fields[3]?.value).toBe('SUM(lines.part) + b');
    expect(rekey(FORM, 'a', 'x').fields[1]?.required).toEqual({ '=': 'x = "x"' });
  });

  it.each(['a + 1.5e3', '"it ""is"" a"', 'SUM(lines.share)>=b', '金额 <> {1, 2}', 'a @ b'])('cut %j and lose nothing', (text) => {
    expect(tokens(text).map((token) => token.text).join('')).toBe(text);
  });
});

it('draws a draft that has no layout, no labels and unknown types', () => {
  const model = canvasModel({ key: 'x', title: 'X', fields: [{ key: 'odd', type: 'nothing_known' }, { key: 'c', type: 'choice', options: ['one'] }] }, 'en');
  expect(model.fields.map((field) => field.label)).toEqual(['odd', 'c']);
  expect(model.fields[1]?.config?.options).toEqual([{ key: 'one', label: 'one', color: null, retired: false }]);
  expect(model.layout[0]?.items).toEqual(['odd', 'c']);
});

it('keeps the keys of a cascade that is edited as lines', () => {
  const before = [{ key: 'n', label: { en: 'North' }, options: [{ key: 'h', label: { en: 'Hill' } }] }, { key: 's', label: { en: 'South' } }];
  const text = toLines(before, (option) => (option.label as { en: string }).en);
  expect(text).toBe('North\n  Hill\nSouth');
  expect(fromLines(text, before, 'en')).toEqual(before);
  const grown = fromLines('North\n  Hill\n  Dale\nSouth', before, 'en');
  expect(grown[0]?.options?.map((option) => (typeof option === 'string' ? option : option.key))).toEqual(['h', 'option_2']);
});
