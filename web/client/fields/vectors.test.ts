/** The client's look at values against the server's own vectors: what the server stores passes here, what it refuses is told. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { orderForm } from '../testing/model';
import { isBlank, type FieldConfig, type FieldModel, type Json, type OptionModel } from '../form/model';
import { FormState } from '../form/state.svelte';
import { FIELD_TYPES, KINDS, loadKinds } from './registry';

await loadKinds(FIELD_TYPES);

// Read as they stand: a bundler's own JSON reader refuses the lone surrogates among them.
const read = (name: string) => JSON.parse(readFileSync(`tests/vectors/${name}.json`, 'utf8')) as { cases: unknown[] };
const vectors = read('fields');
const coercion = read('coercion');

interface Case {
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly raw: Json;
  readonly stored?: Json;
  readonly code?: string;
}

/** Codes that only the server knows: what it cannot store, what an admin's RE2 pattern wants. */
const SERVER_ONLY = new Set(['bad_character', 'bad_format', 'computed']);
/** What the server lets a draft have, and asks for when it is submitted: the browser says it at once. */
const UNFINISHED = new Set(['not_a_leaf', 'too_few', 'too_short', 'required']);
/** JSON's numbers that JavaScript cannot tell from others: 1.0, and ids past 2^53. */
const untold = ({ type, raw }: Case) => type === 'link' && typeof raw === 'number' && (raw === 1 || !Number.isSafeInteger(raw));

/** A definition's keys as `client_config` of the type hands them on. */
function configOf(given: Readonly<Record<string, unknown>>): FieldConfig {
  const options = Array.isArray(given.options) ? { options: given.options.map(optionOf) } : {};
  return { decimals: null, ...given, ...options } as FieldConfig;
}

function optionOf(given: unknown): OptionModel {
  if (typeof given === 'string') return { key: given, label: given };
  const { key, label, options, ...rest } = given as { key: string; label?: string | Record<string, string>; options?: unknown[] };
  return { key, label: typeof label === 'object' ? (label['zh-CN'] ?? key) : (label ?? key), ...rest, ...(options ? { options: options.map(optionOf) } : {}) };
}

const fieldOf = ({ type, config }: Pick<Case, 'type' | 'config'>): FieldModel => ({ key: 'x', type, label: 'X', access: 'write', config: configOf(config) });

describe.each(FIELD_TYPES)('%s', (type) => {
  const kind = KINDS.get(type);
  const cases = (vectors.cases as Case[]).filter((each) => each.type === type && !untold(each));
  const finding = (json: Json, each: Case) => kind?.check?.(json, fieldOf(each))?.code;

  it('is known', () => expect(kind?.name).toBe(type));

  it.each(cases.filter((each) => each.stored !== undefined && each.stored !== null))('takes what the server stores: $stored', (each) => {
    expect(UNFINISHED.has(finding(each.stored as Json, each) ?? 'required')).toBe(true);
  });

  it.each(cases.filter((each) => each.stored !== undefined && !isBlank(each.raw)))('takes what the server takes: $raw', (each) => {
    expect(UNFINISHED.has(finding(each.raw, each) ?? 'required')).toBe(true);
  });

  it.each(cases.filter((each) => each.code && !SERVER_ONLY.has(each.code)))('tells what the server refuses: $raw ($code)', (each) => {
    expect(finding(each.raw, each)).toBe(each.code);
  });

  it.each(cases.filter((each) => each.stored !== undefined && each.stored !== null))('has words and a value for $stored', (each) => {
    const field = fieldOf(each);
    const form = new FormState(orderForm({ fields: [field], rules: [] }), KINDS);
    expect(typeof kind?.text(each.stored as Json, field, form)).toBe('string');
    expect(() => kind?.toValue(each.stored as Json, field)).not.toThrow();
  });
});

describe('a paste from a spreadsheet', () => {
  const cases = (coercion.cases as (Case & { readonly value?: Json; readonly browser?: boolean })[]).filter((each) => each.browser);

  it.each(cases)('reads $raw as $type', (each) => {
    const field = fieldOf(each);
    const pasted = KINDS.get(each.type)?.paste?.(String(each.raw), field) ?? null;
    if (each.code) expect(KINDS.get(each.type)?.check?.(pasted, field) ?? null).not.toBeNull();
    else expect(pasted).toEqual(each.value);
  });
});
