/** What each type can say beyond the basics, and how it is asked. A test holds this list and the JSON Schema together. */
import { t } from '../i18n';

export type SettingKind = 'flag' | 'count' | 'decimal' | 'text' | 'words' | 'date' | 'time' | 'select' | 'several' | 'options' | 'ways' | 'start' | 'transitions' | 'form' | 'via' | 'from' | 'formula';

export interface Setting {
  readonly key: string;
  readonly kind: SettingKind;
  readonly label: string;
  readonly help?: string;
  readonly options?: readonly (readonly [string, string])[];
  /** Chosen where nothing is said. */
  readonly empty?: string;
  readonly max?: number;
}

const flag = (key: string, label: string): Setting => ({ key, kind: 'flag', label });
const count = (key: string, label: string): Setting => ({ key, kind: 'count', label });

function bounds(kind: SettingKind): Setting[] {
  return [
    { key: 'min', kind, label: t('Smallest') },
    { key: 'max', kind, label: t('Largest') },
  ];
}

function counts(): Setting[] {
  return [count('min', t('At least (count)')), count('max', t('At most (count)'))];
}

function link(): Setting[] {
  return [
    { key: 'form', kind: 'form', label: t('Linked form') },
    { key: 'filter', kind: 'formula', label: t('Offer only records where') },
    {
      key: 'on_delete',
      kind: 'select',
      label: t('When the linked record is deleted'),
      empty: t('As usual'),
      options: [
        ['refuse', t('Refuse')],
        ['clear', t('Clear the link')],
        ['cascade', t('Delete this one too')],
        ['ask', t('Ask')],
      ],
    },
  ];
}

function shown(): Setting[] {
  return [
    {
      key: 'format',
      kind: 'select',
      label: t('Show as'),
      empty: t('By what it computes'),
      options: [
        ['number', t('Number')],
        ['money', t('Amount')],
        ['percent', t('Percent')],
        ['date', t('Date')],
        ['datetime', t('Date and time')],
        ['text', t('Text')],
        ['url', t('Web address')],
      ],
    },
    { key: 'currency', kind: 'text', label: t('Currency') },
    count('decimals', t('Decimals')),
  ];
}

const CODES = ['qr_code', 'code_128', 'code_39', 'ean_13', 'ean_8', 'upc_a', 'upc_e', 'itf', 'data_matrix', 'pdf417'];

/** The settings of a type, in the order in which they are asked. */
export function settingsOf(type: string): readonly Setting[] {
  switch (type) {
    case 'text':
      return [
        flag('multiline', t('Several lines')),
        count('min_length', t('Fewest characters')),
        count('max_length', t('Most characters')),
        { key: 'pattern', kind: 'text', label: t('Pattern (regular expression)') },
        { key: 'pattern_hint', kind: 'words', label: t('What the pattern wants, in words') },
      ];
    case 'number':
      return [count('decimals', t('Decimals')), ...bounds('decimal'), { key: 'unit', kind: 'words', label: t('Unit') }];
    case 'money':
      return [{ key: 'currency', kind: 'text', label: t('Currency') }, ...bounds('decimal')];
    case 'percent':
      return [count('decimals', t('Decimals')), ...bounds('decimal')];
    case 'date':
      return bounds('date');
    case 'time':
      return [flag('seconds', t('With seconds')), ...bounds('time')];
    case 'duration':
      return [{ key: 'unit', kind: 'select', label: t('Unit'), empty: '—', options: [['days', t('Days')], ['hours', t('Hours')], ['minutes', t('Minutes')]] }];
    case 'choice':
      return [
        { key: 'options', kind: 'options', label: t('Options') },
        { key: 'start', kind: 'start', label: t('New records start with') },
        { key: 'transitions', kind: 'transitions', label: t('Allowed changes of state') },
      ];
    case 'choices':
      return [{ key: 'options', kind: 'options', label: t('Options') }, ...counts()];
    case 'cascade':
      return [{ key: 'options', kind: 'ways', label: t('Options, each step indented') }, flag('any_level', t('Any step may be chosen'))];
    case 'members':
      return counts();
    case 'link':
      return link();
    case 'links':
      return [...link(), ...counts()];
    case 'backlink':
      return [{ key: 'form', kind: 'form', label: t('Form that links here') }, { key: 'via', kind: 'via', label: t('By its field') }];
    case 'table':
      return [count('min', t('Fewest rows')), count('max', t('Most rows'))];
    case 'file':
      return counts();
    case 'photo':
      return [
        ...counts(),
        { key: 'camera', kind: 'select', label: t('Camera'), empty: '—', options: [['allow', t('Camera or file')], ['prefer', t('Camera first')], ['only', t('Camera only')]] },
      ];
    case 'location':
      return [
        { key: 'capture', kind: 'select', label: t('Position'), empty: '—', options: [['allow', t('Measured or typed')], ['only', t('Measured only')]] },
        count('max_accuracy', t('At most so inexact (metres)')),
      ];
    case 'address':
      return [flag('detail', t('With street and number'))];
    case 'phone':
      return [{ key: 'only', kind: 'select', label: t('Which'), empty: t('Any phone number'), options: [['mobile', t('Mobile only')]] }];
    case 'id_number':
      return [flag('masked', t('Show only the ends'))];
    case 'rating':
      return [count('stars', t('Stars'))];
    case 'formula':
      return [{ key: 'value', kind: 'formula', label: t('Formula') }, ...shown(), { key: 'options', kind: 'options', label: t('Words and colours of its results') }];
    case 'rollup':
      return [
        { key: 'from', kind: 'from', label: t('Over the records of') },
        { key: 'via', kind: 'via', label: t('That link here by') },
        { key: 'fn', kind: 'select', label: t('Work out'), options: [['count', t('Count')], ['sum', t('Sum')], ['min', t('Smallest')], ['max', t('Largest')], ['average', t('Average')]] },
        { key: 'of', kind: 'formula', label: t('Of the value') },
        { key: 'where', kind: 'formula', label: t('Only where') },
        ...shown(),
      ];
    case 'number_series':
      return [{ key: 'pattern', kind: 'text', label: t('Pattern'), help: t('Such as AB-{yyyy}{MM}-{seq:5}') }];
    case 'scan':
      return [
        { key: 'formats', kind: 'several', label: t('Codes'), options: CODES.map((code) => [code, code.replaceAll('_', ' ')] as const) },
        { key: 'pattern', kind: 'text', label: t('Pattern (regular expression)') },
      ];
    default:
      return [];
  }
}

/** Types among which one may change without losing what the definition says. */
export function keysOf(type: string): ReadonlySet<string> {
  return new Set(settingsOf(type).map((setting) => setting.key));
}
