/**
 * The draft of a form under somebody's hands. An edit is kept as what it changed, so undoing it takes back that change
 * alone, whatever others saved meanwhile. The draft is saved by itself under its revision; nobody is written over.
 */
import { Problem, send, type Issue } from '../http';
import { t } from '../i18n';
import { toast } from '../page/toast';
import { same, type FormDefinition } from './definition';
import { merge } from './merge';

/** The server's answer about a draft. */
export interface DraftState {
  readonly definition: FormDefinition;
  readonly live: FormDefinition | null;
  readonly revision: number;
  readonly live_version: number | null;
  readonly problems: readonly Issue[];
}

export interface DesignerModel {
  readonly form: string;
  readonly locale: string;
  /** `/api/v1/definitions/forms/<key>`. */
  readonly url: string;
  readonly state: DraftState;
}

export interface Clash {
  readonly at: string;
  readonly yours: unknown;
  readonly theirs: unknown;
}

export interface Published {
  readonly version: number | null;
  readonly job: number | null;
}

interface Edit {
  readonly before: FormDefinition;
  readonly after: FormDefinition;
}

const PAUSE = 600;
const LOOK = 15_000;

export class Session {
  definition: FormDefinition = $state.raw() as FormDefinition;
  live: FormDefinition | null = $state.raw(null);
  problems: readonly Issue[] = $state.raw([]);
  liveVersion: number | null = $state(null);
  saving: 'saved' | 'waiting' | 'saving' | 'failed' | 'overtaken' = $state('saved');
  /** Where both changed the same, and who the other is. */
  clash: { readonly by: string; readonly places: readonly Clash[] } | null = $state.raw(null);

  private past: readonly Edit[] = $state.raw([]);
  private future: readonly Edit[] = $state.raw([]);
  /** What the server holds under `revision`. */
  private known: FormDefinition;
  private revision: number;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private flight: Promise<void> | null = null;
  private lastKind = '';

  readonly canUndo = $derived.by(() => this.past.length > 0);
  readonly canRedo = $derived.by(() => this.future.length > 0);
  readonly unpublished = $derived.by(() => !same(this.definition, this.live));

  constructor(readonly model: DesignerModel) {
    const { state } = model;
    this.definition = this.known = state.definition;
    this.live = state.live;
    this.problems = state.problems;
    this.liveVersion = state.live_version;
    this.revision = state.revision;
  }

  /** Takes an edit. Neighbouring edits of one `kind` (typing into one box) are one step to undo. */
  apply(next: FormDefinition, kind = ''): void {
    if (next === this.definition || same(next, this.definition)) return;
    const last = this.past.at(-1);
    const grown = kind !== '' && kind === this.lastKind && last ? { before: last.before, after: next } : null;
    this.past = grown ? [...this.past.slice(0, -1), grown] : [...this.past, { before: this.definition, after: next }];
    this.future = [];
    this.lastKind = kind;
    this.show(next);
  }

  /** The next edit is a step of its own. */
  rest(): void {
    this.lastKind = '';
  }

  undo(): void {
    const last = this.past.at(-1);
    if (!last) return;
    this.past = this.past.slice(0, -1);
    this.future = [last, ...this.future];
    this.lastKind = '';
    this.show(merge(last.after, last.before, this.definition, 'mine').body);
  }

  redo(): void {
    const [next, ...rest] = this.future;
    if (!next) return;
    this.future = rest;
    this.past = [...this.past, next];
    this.lastKind = '';
    this.show(merge(next.before, next.after, this.definition, 'mine').body);
  }

  private show(definition: FormDefinition): void {
    this.definition = definition;
    if (this.saving !== 'overtaken') this.saving = 'waiting';
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.save(), PAUSE);
  }

  /** Sends what is not saved yet; resolves when the server has it or has refused. */
  async save(): Promise<void> {
    clearTimeout(this.timer);
    await this.flight;
    if (this.saving === 'saved' || this.saving === 'overtaken') return;
    this.flight = this.put(this.definition);
    await this.flight;
    this.flight = null;
  }

  private async put(sent: FormDefinition): Promise<void> {
    this.saving = 'saving';
    try {
      this.take(sent, await send<DraftState>(`${this.model.url}/draft`, { method: 'PUT', body: { definition: sent }, etag: `"${this.revision}"` }));
    } catch (error) {
      if (error instanceof Problem && error.code === 'revision_conflict') this.overtaken(error);
      else this.saving = 'failed';
      if (error instanceof Problem && error.issues.length > 0) this.problems = error.issues;
    }
  }

  /** What the server holds now: `sent`, and what others changed. */
  private take(sent: FormDefinition, answer: DraftState): void {
    const foreign = !same(answer.definition, sent);
    const untouched = this.definition === sent;
    this.known = answer.definition;
    this.revision = answer.revision;
    this.problems = answer.problems;
    this.live = answer.live;
    this.liveVersion = answer.live_version;
    if (foreign) {
      this.definition = merge(sent, this.definition, answer.definition, 'mine').body;
      toast({ text: t('Somebody else is changing this form too. Both changes are kept.') });
    }
    if (untouched) this.saving = 'saved';
  }

  private overtaken(error: Problem): void {
    this.saving = 'overtaken';
    this.clash = { by: String(error.params.by_name ?? ''), places: (error.params.conflicts as readonly Clash[] | undefined) ?? [] };
  }

  /** Puts both changes together and lets one side have its way where they clash. */
  async settle(winner: 'mine' | 'theirs'): Promise<void> {
    const theirs = await send<DraftState>(`${this.model.url}/draft`);
    const merged = merge(this.known, this.definition, theirs.definition, winner).body;
    this.known = theirs.definition;
    this.revision = theirs.revision;
    this.clash = null;
    this.past = [...this.past, { before: theirs.definition, after: merged }];
    this.definition = merged;
    this.saving = 'waiting';
    await this.save();
  }

  /** Looks now and then whether somebody else saved; what they changed comes in. Returns how to stop. */
  watch(): () => void {
    const timer = setInterval(() => void this.look(), LOOK);
    return () => clearInterval(timer);
  }

  private async look(): Promise<void> {
    if (document.hidden || this.saving !== 'saved') return;
    try {
      const answer = await send<DraftState>(`${this.model.url}/draft`);
      if (this.saving === 'saved' && answer.revision > this.revision) this.take(this.definition, answer);
    } catch {
      // The next look may find the server again; saving says what is wrong.
    }
  }

  /** Publishes the saved draft. Raises Problem. */
  async publish(note: string, acceptLoss: boolean): Promise<Published> {
    await this.save();
    if (this.saving !== 'saved') throw new Problem(409, this.saving, t('The draft is not saved.'));
    return this.makeLive('publish', { note, accept_loss: acceptLoss });
  }

  /** Publishes an earlier version again. Raises Problem. */
  async rollBack(version: number, acceptLoss: boolean): Promise<Published> {
    return this.makeLive('rollback', { version, accept_loss: acceptLoss });
  }

  /** Back to what is published; what was drafted is gone for everybody. Raises Problem. */
  async discard(): Promise<void> {
    await this.save();
    await send(`${this.model.url}/draft`, { method: 'DELETE', etag: `"${this.revision}"` });
    this.past = this.future = [];
    this.begin(await send<DraftState>(`${this.model.url}/draft`));
  }

  /** Saving waits meanwhile: under the revision that is being published nothing can be saved any more. */
  private makeLive(how: 'publish' | 'rollback', body: object): Promise<Published> {
    const made = this.published(how, body);
    this.flight = made.then(
      () => undefined,
      () => undefined,
    );
    return made;
  }

  /** What is typed until the answer comes stays, as the next draft. */
  private async published(how: 'publish' | 'rollback', body: object): Promise<Published> {
    const sent = this.definition;
    const answer = await send<DraftState & Published>(`${this.model.url}/${how}`, { method: 'POST', body, etag: `"${this.revision}"` });
    const typed = this.definition;
    this.begin(answer);
    if (typed !== sent) this.show(merge(sent, typed, answer.definition, 'mine').body);
    return { version: answer.version, job: answer.job };
  }

  private begin(answer: DraftState): void {
    this.definition = this.known = answer.definition;
    this.live = answer.live;
    this.revision = answer.revision;
    this.liveVersion = answer.live_version;
    this.problems = answer.problems;
    this.saving = 'saved';
  }
}
