/** The names that a formula may use where it stands, with what people call them. */
import { t } from '../../i18n';
import { fieldAt, nameOf, type FormDefinition, type Words } from '../definition';
import type { KnownField, Surroundings } from '../surroundings';

export interface Known {
  /** As formulas write it. */
  readonly name: string;
  readonly label: string;
  readonly type: string;
  /** Where a link leads. */
  readonly form: string | null;
  readonly options?: readonly { readonly key: string; readonly label?: unknown }[];
}

/** What every record has of itself. */
function ownNames(): readonly Known[] {
  const known = (name: string, label: string, type: string): Known => ({ name, label, type, form: null });
  return [known('created_by', t('Made by'), 'member'), known('created_at', t('Made at'), 'datetime'), known('updated_by', t('Changed by'), 'member'), known('updated_at', t('Changed at'), 'datetime'), known('number', t('Number of the record'), 'text')];
}

type Shaped = { readonly key: string; readonly label?: unknown; readonly type: string; readonly form?: unknown; readonly fields?: readonly Shaped[]; readonly options?: unknown };

/** Own fields, the columns of tables, and one step through every link. `what` may open the row or the record beyond. */
export function namesFor(definition: FormDefinition, around: Surroundings | null, path: string | null, what: string, locale: string): readonly Known[] {
  const forms = new Map((around?.forms ?? []).map((form) => [form.key, form.fields]));
  const found: Known[] = [];
  const field = path === null ? undefined : fieldAt(definition, path);
  const table = path === null ? undefined : fieldAt(definition, path.split('.')[0] ?? '');
  if (field?.type === 'rollup' && (what === 'of' || what === 'where')) {
    const [form = '', lines] = String(field.from ?? '').split('.');
    const there = forms.get(form) ?? [];
    if (lines) take(found, (there.find((each) => each.key === lines)?.fields ?? []) as readonly Shaped[], 'row.', '', forms, locale);
    take(found, there as readonly Shaped[], lines ? 'target.' : 'target.', '', forms, locale);
    return found;
  }
  if (what === 'filter' && typeof field?.form === 'string') take(found, (forms.get(field.form) ?? []) as readonly Shaped[], 'target.', '⌕ ', forms, locale);
  if (table?.fields && path !== null && (path.includes('.') || what === 'rule')) take(found, table.fields as readonly Shaped[], 'row.', `${nameOf(table, locale)} › `, forms, locale);
  take(found, definition.fields as readonly Shaped[], '', '', forms, locale);
  if (what !== 'default') found.push(...ownNames());
  return found.filter((each) => each.name !== path);
}

function take(found: Known[], fields: readonly Shaped[], before: string, said: string, forms: ReadonlyMap<string, readonly KnownField[]>, locale: string, deep = true): void {
  for (const field of fields) {
    const name = before + field.key;
    const label = said + nameOf(field as { key: string; label?: Words }, locale);
    const form = typeof field.form === 'string' && (field.type === 'link' || field.type === 'links') ? field.form : null;
    found.push({ name, label, type: field.type, form, ...(Array.isArray(field.options) ? { options: field.options.map((option: unknown) => (typeof option === 'string' ? { key: option } : (option as { key: string }))) } : {}) });
    if (!deep) continue;
    if (field.fields) take(found, field.fields, `${name}.`, `${label} › `, forms, locale, false);
    else if (form && field.type === 'link') take(found, (forms.get(form) ?? []) as readonly Shaped[], `${name}.`, `${label} › `, forms, locale, false);
  }
}
