/** What the designer's parts share: the draft, what is chosen, what is in the hand, and what each press does. */
import { getContext, tick, type Component } from 'svelte';
import { t } from '../i18n';
import { send } from '../http';
import { toast } from '../page/toast';
import { Choosing } from './choosing.svelte';
import { add, addItem, addSection, duplicate, freshKey, mayMove, move, moveSection, placeOf, remove, removeItem, removeSection, step, type Place, type Spot } from './commands';
import { fieldAt, nameOf, said, sectionsOf, type FieldDefinition, type Item } from './definition';
import { Dragging, type Load } from './dragging.svelte';
import { kindOf, layoutKinds } from './kinds';
import { Session, type DesignerModel } from './session.svelte';
import type { Surroundings } from './surroundings';

export const DESK = Symbol('desk');
export type Pane = 'form' | 'basics' | 'access' | 'rules' | 'more';
export type Drawer = 'problems' | 'preview' | 'versions' | 'publish' | 'uses';

export function desk(): Desk {
  return getContext<Desk>(DESK);
}

export class Desk {
  readonly session: Session;
  readonly choosing = new Choosing();
  readonly dragging: Dragging;
  readonly locale: string;
  pane: Pane = $state('form');
  /** On a phone: the sheet over the canvas. */
  sheet: 'palette' | 'properties' | null = $state(null);
  drawer: Drawer | null = $state(null);
  /** A field that somebody wants to take out or retype although something hangs on it. */
  doubt: { readonly path: string; readonly type: string | null } | null = $state.raw(null);
  around: Surroundings | null = $state.raw(null);

  readonly drawers: Readonly<Record<Drawer, () => Promise<{ default: Component }>>> = {
    problems: () => import('./drawers/Problems.svelte'),
    preview: () => import('./drawers/Preview.svelte'),
    versions: () => import('./drawers/Versions.svelte'),
    publish: () => import('./drawers/Publish.svelte'),
    uses: () => import('./drawers/Uses.svelte'),
  };

  constructor(model: DesignerModel) {
    this.session = new Session(model);
    this.locale = model.locale;
    this.dragging = new Dragging(
      (load, place) => this.mayDrop(load, place),
      (load, place) => void this.dropped(load, place),
    );
    void this.lookAround();
  }

  private async lookAround(): Promise<void> {
    try {
      this.around = await send<Surroundings>(`${this.session.model.url}/surroundings`);
    } catch {
      this.around = { forms: [], roles: [], functions: [] };
    }
  }

  get definition() {
    return this.session.definition;
  }

  isNew(path: string): boolean {
    return !this.session.live || !fieldAt(this.session.live, path);
  }

  nameOf(path: string): string {
    const field = fieldAt(this.definition, path);
    return field ? nameOf(field, this.locale) : path;
  }

  nameOfLoad(load: Load): string {
    if ('type' in load) return (kindOf(load.type) ?? layoutKinds().find((kind) => kind.type === load.type))?.label ?? '';
    return 'path' in load.spot ? this.nameOf(load.spot.path) : t('Note');
  }

  mayDrop(load: Load, place: Place): boolean {
    if ('spot' in load) return mayMove(this.definition, this.session.live, load.spot, place);
    return !('table' in place) || !(load.type.startsWith('+') || load.type === 'table');
  }

  private async dropped(load: Load, place: Place): Promise<void> {
    if ('type' in load) await this.add(load.type, place);
    else this.move(load.spot, place);
  }

  /** Adds a field, or what stands between fields, and lets one name it at once. */
  async add(type: string, place = this.choosing.next(this.definition, type === 'table' || type.startsWith('+'))): Promise<void> {
    if (type.startsWith('+')) this.addBetween(type, place);
    else {
      const kind = kindOf(type);
      if (!kind) return;
      const table = 'table' in place ? place.table : undefined;
      const key = freshKey(this.definition, type, '', table);
      const label = { [this.locale]: kind.label };
      const field = { key, type, label, ...kind.config, ...this.linked(type) } as FieldDefinition;
      this.session.apply(add(this.definition, field, place));
      this.choosing.chosen = { path: table === undefined ? key : `${table}.${key}` };
      this.choosing.told = t('{name} added', { name: kind.label });
    }
    this.sheet = 'properties';
    await tick();
    const box = document.querySelector<HTMLInputElement>(`.designer-properties [data-first] [lang="${this.locale}"]`);
    box?.focus();
    box?.select();
  }

  /** The first form that a new link may lead to. */
  private linked(type: string): Readonly<Record<string, unknown>> {
    const first = this.around?.forms.find((form) => form.key !== this.session.model.form)?.key;
    if ((type === 'link' || type === 'links') && first) return { form: first };
    return {};
  }

  private addBetween(type: string, place: Place): void {
    if ('table' in place) return;
    if (type === '+section' || type === '+tab') {
      const at = Math.min(place.section + 1, sectionsOf(this.definition).length);
      const words = type === '+tab' ? { 'zh-CN': '新标签页', en: 'New tab' } : { 'zh-CN': '新分区', en: 'New section' };
      this.session.apply(addSection(this.definition, at, { section: words, columns: 2, ...(type === '+tab' ? { tab: words } : {}), items: [] }));
      this.choosing.chosen = { section: at };
    } else {
      const item: Item = type === '+divider' ? { divider: true } : { note: { 'zh-CN': '说明文字', en: 'A note' } };
      const index = Math.min(place.index, sectionsOf(this.definition)[place.section]?.items.length ?? 0);
      this.session.apply(addItem(this.definition, item, { section: place.section, index }));
      this.choosing.chosen = { section: place.section, index };
    }
  }

  move(spot: Spot, place: Place): void {
    this.session.apply(move(this.definition, spot, place));
    this.follow(spot, place);
  }

  private follow(spot: Spot, place: Place): void {
    if ('path' in spot) {
      const key = spot.path.split('.').at(-1) ?? '';
      const path = 'table' in place ? `${place.table}.${key}` : key;
      this.choosing.chosen = { path };
      this.tell(path);
    } else this.choosing.chosen = null;
  }

  private tell(path: string): void {
    const place = placeOf(this.definition, { path });
    if (!place) return;
    const section = 'section' in place ? sectionsOf(this.definition)[place.section] : undefined;
    const where = 'table' in place ? this.nameOf(place.table) : said(section?.section, this.locale);
    this.choosing.told = t('{name}: place {n} in {where}', { name: this.nameOf(path), n: place.index + 1, where });
  }

  async step(spot: Spot, direction: -1 | 1): Promise<void> {
    const before = placeOf(this.definition, spot);
    this.session.apply(step(this.definition, spot, direction));
    if ('path' in spot) {
      this.tell(spot.path);
      await tick();
      this.focusBlock(spot.path);
    } else if (before && 'section' in before) {
      const length = sectionsOf(this.definition)[before.section]?.items.length ?? 0;
      const index = before.index + direction;
      if (index >= 0 && index < length) this.choosing.chosen = { section: before.section, index };
    }
  }

  async stepSection(at: number, direction: -1 | 1): Promise<void> {
    const next = moveSection(this.definition, at, direction);
    if (next === this.definition) return;
    this.session.apply(next);
    this.choosing.chosen = { section: at + direction };
    await tick();
    document.querySelector<HTMLElement>(`[data-section-head="${at + direction}"] .block-cover`)?.focus();
  }

  duplicate(path: string): void {
    const done = duplicate(this.definition, path);
    if (!done) return;
    this.session.apply(done.definition);
    this.choosing.chosen = { path: done.path };
    void tick().then(() => this.focusBlock(done.path));
  }

  /** Takes out what is chosen. What is published says first what hangs on it. */
  removeChosen(): void {
    const { chosen } = this.choosing;
    if (!chosen) return;
    if ('path' in chosen) {
      if (this.isNew(chosen.path)) this.removeField(chosen.path);
      else {
        this.doubt = { path: chosen.path, type: null };
        this.drawer = 'uses';
      }
    } else if ('index' in chosen) this.taken(removeItem(this.definition, chosen.section, chosen.index), t('Removed'));
    else this.taken(removeSection(this.definition, chosen.section), t('Section removed; its fields stay'));
  }

  removeField(path: string): void {
    this.taken(remove(this.definition, path), t('“{name}” removed', { name: this.nameOf(path) }));
  }

  private taken(next: typeof this.definition, words: string): void {
    if (next === this.definition) return;
    this.session.apply(next);
    this.choosing.chosen = null;
    this.sheet = null;
    toast({ text: words, action: { label: t('Undo'), run: () => this.session.undo() } });
  }

  choose(chosen: Choosing['chosen'], sheet = true): void {
    this.choosing.chosen = chosen;
    this.session.rest();
    if (sheet && chosen) this.sheet = 'properties';
  }

  focusBlock(path: string): void {
    document.querySelector<HTMLElement>(`[data-block="${CSS.escape(path)}"] .block-cover`)?.focus();
  }

  async openPalette(): Promise<void> {
    this.pane = 'form';
    this.sheet = 'palette';
    await tick();
    document.querySelector<HTMLInputElement>('.designer-palette input[type=search]')?.focus();
  }

  /** Leads to the place that a problem points to: a pointer such as `/fields/3/options/0`. */
  async jump(pointer: string): Promise<void> {
    const [top, at, inner, column] = pointer.split('/').slice(1);
    this.drawer = null;
    if (top === 'fields' && at !== undefined) {
      const field = this.definition.fields[Number(at)];
      if (!field) return;
      const nested = inner === 'fields' && column !== undefined ? field.fields?.[Number(column)] : undefined;
      const path = nested ? `${field.key}.${nested.key}` : field.key;
      this.pane = 'form';
      this.choose({ path });
      await tick();
      this.focusBlock(path);
      document.querySelector(`[data-block="${CSS.escape(path)}"]`)?.scrollIntoView({ block: 'center' });
    } else if (top === 'layout' && at !== undefined) {
      this.pane = 'form';
      this.choose({ section: Number(at) });
    } else if (top === 'access') this.pane = 'access';
    else if (top === 'rules' || top === 'unique' || top === 'no_overlap') this.pane = 'rules';
    else if (top && ['title', 'description', 'icon', 'number', 'display', 'submit_label', 'list'].includes(top)) this.pane = 'basics';
    else this.pane = 'more';
  }
}
