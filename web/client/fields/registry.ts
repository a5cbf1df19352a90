/**
 * The field types of the client, one file each, in the server's order; a test holds the two lists together.
 * A page loads the types that its form has: `loadKinds` before anything is drawn, then `KINDS` knows them.
 */
import type { FieldModel } from '../form/model';
import Bool, { face as bool } from './boolean.svelte';
import Choice, { face as choice } from './choice.svelte';
import DateBox, { face as date } from './date.svelte';
import Formula, { face as formula } from './formula.svelte';
import Money, { face as money } from './money.svelte';
import NumberBox, { face as number } from './number.svelte';
import Text, { face as text } from './text.svelte';
import type { Face, Kind } from './kind';

interface Loaded {
  readonly face: Face;
  readonly default: Kind['component'];
}

/** What nearly every form has comes with the page. */
function here(face: Face, component: Kind['component']): () => Promise<Loaded> {
  return () => Promise.resolve({ face, default: component });
}

const FILES: Readonly<Record<string, () => Promise<Loaded>>> = {
  text: here(text, Text),
  number: here(number, NumberBox),
  money: here(money, Money),
  percent: () => import('./percent.svelte'),
  date: here(date, DateBox),
  datetime: () => import('./datetime.svelte'),
  time: () => import('./time.svelte'),
  duration: () => import('./duration.svelte'),
  boolean: here(bool, Bool),
  choice: here(choice, Choice),
  choices: () => import('./choices.svelte'),
  cascade: () => import('./cascade.svelte'),
  member: () => import('./member.svelte'),
  members: () => import('./members.svelte'),
  department: () => import('./department.svelte'),
  link: () => import('./link.svelte'),
  links: () => import('./links.svelte'),
  backlink: () => import('./backlink.svelte'),
  table: () => import('./table.svelte'),
  file: () => import('./file.svelte'),
  photo: () => import('./photo.svelte'),
  signature: () => import('./signature.svelte'),
  location: () => import('./location.svelte'),
  address: () => import('./address.svelte'),
  phone: () => import('./phone.svelte'),
  email: () => import('./email.svelte'),
  url: () => import('./url.svelte'),
  id_number: () => import('./id_number.svelte'),
  rating: () => import('./rating.svelte'),
  formula: here(formula, Formula),
  rollup: () => import('./rollup.svelte'),
  number_series: () => import('./number_series.svelte'),
  rich_text: () => import('./rich_text.svelte'),
  scan: () => import('./scan.svelte'),
};

export const FIELD_TYPES: readonly string[] = Object.keys(FILES);

const known = new Map<string, Kind>();

/** The types that were loaded. One that is not here is unknown to this page: its value is shown and kept. */
export const KINDS: ReadonlyMap<string, Kind> = known;

/** Loads these types, unless they are there; a name that is none is passed over. */
export async function loadKinds(names: Iterable<string>): Promise<void> {
  const missing = [...new Set(names)].filter((name) => Object.hasOwn(FILES, name) && !known.has(name));
  await Promise.all(
    missing.map(async (name) => {
      const file = await FILES[name]?.();
      if (file) known.set(name, { ...file.face, component: file.default });
    }),
  );
}

/** The types of these fields, columns of tables among them. */
export function typesOf(fields: readonly FieldModel[]): string[] {
  return fields.flatMap((field) => [field.type, ...typesOf(field.fields ?? [])]);
}
