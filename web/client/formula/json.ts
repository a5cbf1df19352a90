/** JSON of a record → values, by type descriptors (`form_engine/formula/types.py`). */
import { dayFromIso } from './days';
import { Decimal, Duration, LinkRef, Moment, Person, Place, RecordValue, VALUE, type Fetch, type Value } from './values';

/** Field types by form; a table's columns stand under `<form>.<table>`. */
export type FormTypes = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The value that JSON of this type stands for; `#VALUE!` where it stands for none. Rows need `forms`. */
export function fromJson(type: string, json: unknown, forms: FormTypes = {}, fetch?: Fetch): Value {
  if (json === null || json === undefined) return null;
  const [kind = 'any', detail] = split(type);
  if (kind === 'list') return Array.isArray(json) ? json.map((item) => fromJson(detail, item, forms, fetch)) : VALUE;
  if (kind === 'record') return fromRecord(detail, json, forms, fetch);
  return READERS[kind]?.(json) ?? VALUE;
}

function split(type: string): [string, string] {
  const at = type.indexOf(':');
  return at < 0 ? [type, ''] : [type.slice(0, at), type.slice(at + 1)];
}

function fromRecord(form: string, json: unknown, forms: FormTypes, fetch?: Fetch): Value {
  if (typeof json === 'number' || typeof json === 'string') return new LinkRef(form, json);
  if (!isObject(json)) return VALUE;
  return recordFromJson(form, json, forms, fetch);
}

/** A record or a table's row from its JSON; `id` is the row's own. */
export function recordFromJson(form: string, json: Readonly<Record<string, unknown>>, forms: FormTypes, fetch?: Fetch): RecordValue {
  const types = forms[form] ?? {};
  const values = Object.keys(types).map((key) => [key, fromJson(types[key] ?? 'any', json[key], forms, fetch)] as const);
  const id = typeof json['id'] === 'number' || typeof json['id'] === 'string' ? json['id'] : null;
  return new RecordValue(form, id, Object.fromEntries(values), fetch);
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

const NUMBER = /^-?[0-9]+(\.[0-9]+)?$/;

const READERS: Readonly<Record<string, (json: unknown) => Value>> = {
  number: (json) => decimal(json) ?? VALUE,
  text: (json) => (typeof json === 'string' ? json : VALUE),
  logical: (json) => (typeof json === 'boolean' ? json : VALUE),
  date: (json) => (typeof json === 'string' ? (dayFromIso(json) ?? VALUE) : VALUE),
  datetime: (json) => (typeof json === 'string' && !Number.isNaN(Date.parse(json)) ? new Moment(Date.parse(json)) : VALUE),
  duration: (json) => (typeof json === 'number' ? new Duration(json) : VALUE),
  person: (json) => {
    if (typeof json === 'number' || typeof json === 'string') return new Person(json);
    return isObject(json) && json['id'] !== undefined ? new Person(json['id'] as number, String(json['name'] ?? '')) : VALUE;
  },
  location: (json) => {
    if (!isObject(json)) return VALUE;
    const [latitude, longitude] = [decimal(json['latitude']), decimal(json['longitude'])];
    return latitude && longitude ? new Place(latitude, longitude, String(json['crs'] ?? 'WGS-84'), decimal(json['accuracy'])) : VALUE;
  },
  any: (json) => (typeof json === 'string' || typeof json === 'boolean' ? json : typeof json === 'number' ? new Decimal(json) : VALUE),
};

function decimal(json: unknown): Decimal | null {
  return typeof json === 'number' || (typeof json === 'string' && NUMBER.test(json)) ? new Decimal(json) : null;
}
