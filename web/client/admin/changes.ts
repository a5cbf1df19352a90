/** What differs between the published form and the draft, in words: what will change for people, field by field. */
import { t } from '../i18n';
import { LOCALES, nameOf, sectionsOf, wordsIn, type FieldDefinition, type FormDefinition } from './definition';

export interface Change {
  readonly kind: 'added' | 'removed' | 'changed' | 'moved';
  readonly words: string;
}

export function changes(live: FormDefinition | null, draft: FormDefinition, locale: string): readonly Change[] {
  if (!live) return [{ kind: 'added', words: t('The form is published for the first time.') }];
  const before = new Map(live.fields.map((field) => [field.key, field]));
  const after = new Map(draft.fields.map((field) => [field.key, field]));
  const out: Change[] = [];
  for (const field of draft.fields) {
    const old = before.get(field.key);
    const name = nameOf(field, locale);
    if (old) out.push(...fieldChanges(old, field, locale));
    else out.push({ kind: 'added', words: field.required === true ? t('New required field “{name}”', { name }) : t('New field “{name}”', { name }) });
  }
  for (const field of live.fields) {
    if (!after.has(field.key)) out.push({ kind: 'removed', words: t('Field “{name}” is gone; what records hold in it stays', { name: nameOf(field, locale) }) });
  }
  if (order(live, before, after) !== order(draft, before, after)) out.push({ kind: 'moved', words: t('The order of the fields changes') });
  return out;
}

function fieldChanges(old: FieldDefinition, now: FieldDefinition, locale: string): Change[] {
  const out: Change[] = [];
  const name = nameOf(now, locale);
  for (const each of LOCALES) {
    const [from, to] = [wordsIn(old.label, each), wordsIn(now.label, each)];
    if (from !== to) out.push({ kind: 'changed', words: t('“{from}” is now called “{to}”', { from: from || '—', to: to || '—' }) });
  }
  if (JSON.stringify(old.required ?? false) !== JSON.stringify(now.required ?? false)) {
    const words = now.required === true ? t('“{name}” must be filled in from now on', { name }) : t('“{name}” need not be filled in any more', { name });
    out.push({ kind: 'changed', words });
  }
  if (rest(old) !== rest(now)) out.push({ kind: 'changed', words: t('Settings of “{name}” change', { name }) });
  return out;
}

function rest({ label: _label, required: _required, ...other }: FieldDefinition): string {
  return JSON.stringify(other, Object.keys(other).toSorted());
}

/** The order of the fields that both have: adding and removing is no moving. */
function order(definition: FormDefinition, before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): string {
  return sectionsOf(definition)
    .map((section) => section.items.filter((key) => before.has(key) && after.has(key)).join(','))
    .join('|');
}
