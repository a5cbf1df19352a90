/** A small order form that the tests share: every mechanism of the form runtime once. */
import type { FieldModel, FormModel } from '../form/model';

const own = (...path: string[]) => ({ own: path });
const row = (...path: string[]) => ({ row: path });

export const FIELDS: readonly FieldModel[] = [
  { key: 'title', type: 'text', label: 'Title', required: true, access: 'write', config: { max_length: 20 } },
  {
    key: 'amount', type: 'money', label: 'Amount', required: true, access: 'write', config: { currency: 'CNY', decimals: 2 },
    rules: [{ tree: ['>', own('amount'), { n: '0' }], message: 'Amount must be positive' }],
  },
  { key: 'urgent', type: 'boolean', label: 'Urgent', access: 'write' },
  { key: 'reason', type: 'text', label: 'Reason', access: 'write', visible: { tree: own('urgent') }, required: { tree: own('urgent') }, config: { multiline: true } },
  {
    key: 'lines', type: 'table', label: 'Lines', access: 'write',
    fields: [
      { key: 'item', type: 'link', label: 'Item', access: 'write', required: true, config: { form: 'item' } },
      { key: 'price', type: 'formula', label: 'Price', access: 'read', formula: { tree: row('item', 'price') }, config: { format: 'money', currency: 'CNY' } },
      {
        key: 'share', type: 'money', label: 'Share', access: 'write', required: true, config: { currency: 'CNY', decimals: 2 },
        rules: [{ tree: ['<=', row('share'), row('item', 'price')], message: 'More than the price' }],
      },
    ],
  },
  { key: 'total', type: 'formula', label: 'Total', access: 'read', formula: { tree: ['SUM', own('lines', 'share')] }, config: { format: 'money', currency: 'CNY' } },
  { key: 'rest', type: 'formula', label: 'Rest', access: 'read', formula: { tree: ['-', own('amount'), own('total')] }, config: { format: 'money', currency: 'CNY' } },
];

export function orderForm(changes: Partial<FormModel> = {}): FormModel {
  return {
    form: 'order',
    version: 1,
    locale: 'en',
    record: null,
    fields: FIELDS,
    rules: [{ tree: ['<=', own('total'), own('amount')], message: 'Shares exceed the amount' }],
    layout: [{ title: 'Order', columns: 2, items: ['title', 'amount', 'urgent', 'reason'] }, { title: 'Lines', items: ['lines', 'total', 'rest'] }],
    linked: { item: { 7: { id: 7, display: 'Chair', values: { price: '50.00' } } } },
    types: { item: { price: 'number:CNY' } },
    context: { me: 3, today: '2025-12-24', now: '2025-12-24T08:00:00Z', roles: ['clerk'], zone: 'Asia/Shanghai' },
    submit: { url: '/api/v1/forms/order/records', method: 'POST', next: '/records/{id}' },
    lookup: '/api/v1/forms/order/lookup',
    upload: '/api/v1/files',
    draft_key: 'order:new:3',
    ...changes,
  };
}
