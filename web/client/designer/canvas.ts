/** A draft as the real renderers draw it: nothing hidden, nothing worked out, every field open. */
import type { FieldConfig, FieldModel, FormModel, Json, OptionModel, SectionModel } from '../form/model';
import { nameOf, optionsOf, said, sectionsOf, type FieldDefinition, type FormDefinition, type OptionDefinition, type Words } from './definition';

const TODAY = '2026-01-01';
/** Keys whose words a renderer shows, under the name that it reads. */
const WORDS: Readonly<Record<string, string>> = { unit: 'unit', pattern_hint: 'hint' };

export function canvasModel(definition: FormDefinition, locale: string): FormModel {
  return {
    form: definition.key,
    version: 0,
    locale,
    record: { id: 0, version: 0, values: samples(definition.fields) },
    fields: definition.fields.map((field) => fieldModel(field, locale)),
    layout: sectionsOf(definition).map((section): SectionModel => ({ title: said(section.section, locale), columns: section.columns ?? 1, items: section.items.filter((item) => typeof item === 'string') })),
    context: { me: null, today: TODAY, now: `${TODAY}T00:00:00Z`, roles: [] },
    submit: null,
    lookup: '',
    upload: '',
    draft_key: null,
  };
}

export function fieldModel(field: FieldDefinition, locale: string): FieldModel {
  const fixed = field.default !== undefined && !(typeof field.default === 'object' && field.default !== null) ? { value: field.default as Json } : null;
  return {
    key: field.key,
    type: field.type,
    label: nameOf(field, locale),
    help: said(field.help as Words | undefined, locale) || null,
    required: field.required === true,
    access: 'write',
    config: configOf(field, locale),
    default: fixed,
    ...(field.fields ? { fields: field.fields.map((column) => fieldModel(column, locale)) } : {}),
  };
}

function configOf(field: FieldDefinition, locale: string): FieldConfig {
  const { transitions: _, start: __, options, ...rest } = field;
  const told: Record<string, unknown> = { ...rest };
  for (const [key, name] of Object.entries(WORDS)) if (typeof field[key] === 'object') told[name] = said(field[key] as Words, locale);
  if (options !== undefined) told.options = optionsOf(field).map((option) => optionModel(option, locale));
  if (field.type === 'money') told.decimals ??= 2;
  return told as FieldConfig;
}

function optionModel(option: OptionDefinition, locale: string): OptionModel {
  const inside = (option.options ?? []).map((each) => optionModel(typeof each === 'string' ? { key: each } : each, locale));
  return { key: option.key, label: nameOf(option, locale), color: option.color ?? null, retired: option.retired ?? false, ...(inside.length > 0 ? { options: inside } : {}) };
}

/** What makes a field look like itself: one row in a table, the fixed default. */
function samples(fields: readonly FieldDefinition[]): Record<string, Json> {
  return Object.fromEntries(
    fields.flatMap((field): [string, Json][] => {
      if (field.type === 'choice' && typeof field.start === 'string') return [[field.key, field.start]];
      if (field.default !== undefined && (typeof field.default !== 'object' || Array.isArray(field.default))) return [[field.key, field.default as Json]];
      return [];
    }),
  );
}
