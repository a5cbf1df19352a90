/** The field types of the client, one file each. A test holds this list and the server's together. */
import Bool, { face as bool } from './boolean.svelte';
import Choice, { face as choice } from './choice.svelte';
import DateBox, { face as date } from './date.svelte';
import Datetime, { face as datetime } from './datetime.svelte';
import FileBox, { face as file } from './file.svelte';
import Formula, { face as formula } from './formula.svelte';
import type { Kind, Kinds } from './kind';
import Link, { face as link } from './link.svelte';
import Member, { face as member } from './member.svelte';
import Money, { face as money } from './money.svelte';
import NumberBox, { face as number } from './number.svelte';
import NumberSeries, { face as numberSeries } from './number_series.svelte';
import Percent, { face as percent } from './percent.svelte';
import Phone, { face as phone } from './phone.svelte';
import Photo, { face as photo } from './photo.svelte';
import Rollup, { face as rollup } from './rollup.svelte';
import Table, { face as table } from './table.svelte';
import Text, { face as text } from './text.svelte';

export const FIELD_KINDS: readonly Kind[] = [
  { ...text, component: Text },
  { ...number, component: NumberBox },
  { ...money, component: Money },
  { ...percent, component: Percent },
  { ...date, component: DateBox },
  { ...datetime, component: Datetime },
  { ...bool, component: Bool },
  { ...choice, component: Choice },
  { ...member, component: Member },
  { ...phone, component: Phone },
  { ...link, component: Link },
  { ...table, component: Table },
  { ...photo, component: Photo },
  { ...file, component: FileBox },
  { ...numberSeries, component: NumberSeries },
  { ...formula, component: Formula },
  { ...rollup, component: Rollup },
];

export const KINDS: Kinds = new Map(FIELD_KINDS.map((kind) => [kind.name, kind]));
