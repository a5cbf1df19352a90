/** What the palette offers, grouped as people look for it, each with what its definition needs at least. */
import { t } from '../i18n';

export interface PaletteKind {
  readonly type: string;
  readonly icon: string;
  readonly label: string;
  /** Words that people may search it by. */
  readonly also?: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface PaletteGroup {
  readonly title: string;
  readonly kinds: readonly PaletteKind[];
}

const TWO_OPTIONS = () => [
  { key: 'option_1', label: { 'zh-CN': '选项 1', en: 'Option 1' } },
  { key: 'option_2', label: { 'zh-CN': '选项 2', en: 'Option 2' } },
];

export function palette(): readonly PaletteGroup[] {
  return [
    {
      title: t('Words and numbers'),
      kinds: [
        { type: 'text', icon: 'text', label: t('Text'), config: {} },
        { type: 'number', icon: 'hash', label: t('Number'), config: {} },
        { type: 'money', icon: 'money', label: t('Amount'), also: 'money', config: { currency: 'CNY' } },
        { type: 'percent', icon: 'percent', label: t('Percent'), config: {} },
        { type: 'phone', icon: 'phone', label: t('Phone'), config: {} },
        { type: 'email', icon: 'mail', label: t('E-mail'), config: {} },
        { type: 'url', icon: 'globe', label: t('Web address'), config: {} },
        { type: 'id_number', icon: 'id', label: t('ID number'), config: {} },
        { type: 'address', icon: 'home', label: t('Address'), config: {} },
        { type: 'rich_text', icon: 'rich', label: t('Formatted text'), config: {} },
      ],
    },
    {
      title: t('Choosing'),
      kinds: [
        { type: 'choice', icon: 'choice', label: t('Choice'), also: 'select radio state', config: { options: TWO_OPTIONS() } },
        { type: 'choices', icon: 'checks', label: t('Several choices'), also: 'checkbox', config: { options: TWO_OPTIONS() } },
        { type: 'boolean', icon: 'boolean', label: t('Yes or no'), also: 'switch', config: {} },
        { type: 'cascade', icon: 'tree', label: t('Steps of choices'), also: 'cascade', config: { options: [{ key: 'option_1', label: { 'zh-CN': '选项 1', en: 'Option 1' }, options: TWO_OPTIONS() }] } },
        { type: 'rating', icon: 'star', label: t('Rating'), config: {} },
      ],
    },
    {
      title: t('Dates and times'),
      kinds: [
        { type: 'date', icon: 'calendar', label: t('Date'), config: {} },
        { type: 'datetime', icon: 'clock', label: t('Date and time'), config: {} },
        { type: 'time', icon: 'clock', label: t('Time'), config: {} },
        { type: 'duration', icon: 'timer', label: t('Length of time'), also: 'duration', config: {} },
      ],
    },
    {
      title: t('People'),
      kinds: [
        { type: 'member', icon: 'user', label: t('Person'), also: 'member', config: {} },
        { type: 'members', icon: 'users', label: t('Several people'), config: {} },
        { type: 'department', icon: 'org', label: t('Department'), config: {} },
      ],
    },
    {
      title: t('On the spot'),
      kinds: [
        { type: 'photo', icon: 'camera', label: t('Photos'), config: {} },
        { type: 'file', icon: 'clip', label: t('Files'), config: {} },
        { type: 'signature', icon: 'pen', label: t('Signature'), config: {} },
        { type: 'location', icon: 'pin', label: t('Location'), also: 'gps', config: {} },
        { type: 'scan', icon: 'qr', label: t('Barcode or QR code'), config: {} },
      ],
    },
    {
      title: t('Links and sums'),
      kinds: [
        { type: 'table', icon: 'table', label: t('Table of lines'), also: 'sub-table rows', config: { fields: [{ key: 'text_1', type: 'text', label: { 'zh-CN': '名称', en: 'Name' } }] } },
        { type: 'formula', icon: 'formula', label: t('Formula'), config: { value: '1' } },
        { type: 'link', icon: 'link', label: t('Link to a record'), config: { form: '' } },
        { type: 'links', icon: 'links', label: t('Links to records'), config: { form: '' } },
        { type: 'backlink', icon: 'backlink', label: t('What links here'), config: { form: '', via: '' } },
        { type: 'rollup', icon: 'rollup', label: t('Sum over links'), also: 'rollup', config: { from: '', via: '', fn: 'count' } },
        { type: 'number_series', icon: 'hash', label: t('Running number'), config: { pattern: '{yyyy}{MM}-{seq:4}' } },
      ],
    },
  ];
}

/** What stands between fields. */
export function layoutKinds(): readonly PaletteKind[] {
  return [
    { type: '+section', icon: 'form', label: t('Section'), config: { columns: 2 } },
    { type: '+tab', icon: 'tree', label: t('Tab'), config: { columns: 2 } },
    { type: '+note', icon: 'info', label: t('Note'), config: {} },
    { type: '+divider', icon: 'more', label: t('Dividing line'), config: { divider: true } },
  ];
}

export function kindOf(type: string): PaletteKind | undefined {
  return palette().flatMap((group) => group.kinds).find((kind) => kind.type === type);
}

export function matches(kind: PaletteKind, words: string): boolean {
  const text = `${kind.label} ${kind.type} ${kind.also ?? ''}`.toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
