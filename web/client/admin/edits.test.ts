import { describe, expect, it } from 'vitest';
import { changes } from './changes';
import { sectionsOf, type FormDefinition } from './definition';
import { add, freshKey, move, remove, rename, require, step } from './edits';

const FORM: FormDefinition = {
  key: 'order',
  title: { 'zh-CN': '订单', en: 'Order' },
  fields: [
    { key: 'a', type: 'text', label: { 'zh-CN': '甲', en: 'A' } },
    { key: 'b', type: 'number', label: { 'zh-CN': '乙', en: 'B' }, required: true },
    { key: 'c', type: 'date', label: { 'zh-CN': '丙', en: 'C' } },
  ],
  layout: [{ section: { 'zh-CN': '一', en: 'One' }, columns: 2, items: ['a', 'b'] }, { items: ['c'] }],
  access: [{ role: 'clerk', may: ['create'] }],
};
const { layout: _, ...PLAIN } = FORM;
const order = (form: FormDefinition) => sectionsOf(form).map((section) => section.items.join(''));

describe('edits', () => {
  it('rename one language and leave the other', () => {
    expect(rename(FORM, 'a', 'en', 'Alpha').fields[0]?.label).toEqual({ 'zh-CN': '甲', en: 'Alpha' });
  });

  it('require, and leave no trace when taken back', () => {
    expect(require(require(FORM, 'a', true), 'a', false)).toEqual(FORM);
    expect(require(FORM, 'b', false).fields[1]).not.toHaveProperty('required');
  });

  it('move within a section, across sections, and without a layout', () => {
    expect(order(move(FORM, 'a', 0, 2))).toEqual(['ba', 'c']);
    expect(order(move(FORM, 'a', 1, 0))).toEqual(['b', 'ac']);
    expect(move(PLAIN, 'c', 0, 0).fields.map((field) => field.key)).toEqual(['c', 'a', 'b']);
  });

  it('step through the borders of sections and stop at the ends', () => {
    expect(order(step(FORM, 'b', 1))).toEqual(['a', 'bc']);
    expect(order(step(FORM, 'c', -1))).toEqual(['abc', '']);
    expect(step(FORM, 'a', -1)).toBe(FORM);
  });

  it('add to the form and its layout, and remove from both', () => {
    const grown = add(FORM, { key: 'd', type: 'text' }, 1);
    expect(order(grown)).toEqual(['ab', 'cd']);
    expect(remove(grown, 'd')).toEqual(FORM);
  });

  it('touch nothing else', () => {
    expect(move(rename(FORM, 'a', 'en', 'X'), 'a', 1, 1).access).toBe(FORM.access);
  });

  it.each([
    ['Bank name', 'bank_name'],
    ['', 'text_1'],
    ['备注', 'text_1'],
    ['a', 'a_2'],
    ['2nd', 'text_1'],
    ['ID', 'id_2'],
  ])('give %j the key %s', (english, key) => {
    expect(freshKey(FORM, 'text', english)).toBe(key);
  });
});

describe('changes in words', () => {
  const words = (draft: FormDefinition) => changes(FORM, draft, 'en').map((change) => change.words);

  it('say what was added, renamed, required and moved', () => {
    expect(words(FORM)).toEqual([]);
    expect(words(add(FORM, { key: 'd', type: 'text', label: { en: 'Note' }, required: true }, 0))).toEqual(['New required field “Note”']);
    expect(words(rename(FORM, 'a', 'zh-CN', '子'))).toEqual(['“甲” is now called “子”']);
    expect(words(require(FORM, 'a', true))).toEqual(['“A” must be filled in from now on']);
    expect(words(move(FORM, 'a', 0, 2))).toEqual(['The order of the fields changes']);
    expect(words(remove(FORM, 'c'))).toEqual(['Field “C” is gone; what records hold in it stays']);
  });

  it('say that a form is new', () => {
    expect(changes(null, FORM, 'en')).toHaveLength(1);
  });
});
