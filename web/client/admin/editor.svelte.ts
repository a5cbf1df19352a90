/** The draft of a form under somebody's hands: undo, redo, saved by itself, never overwritten unseen. */
import { Problem, send, type Issue } from '../http';
import { t } from '../i18n';
import { toast } from '../page/toast';
import type { FormDefinition } from './definition';

/** The server's answer about a draft. */
export interface DraftState {
  readonly definition: FormDefinition;
  readonly live: FormDefinition | null;
  readonly revision: number | string;
  readonly live_version: number | null;
  readonly problems: readonly Issue[];
}

export interface AdminModel {
  readonly form: string;
  readonly locale: string;
  readonly draft_url: string;
  readonly publish_url: string;
  readonly state: DraftState;
}

const PAUSE = 500;
const DEPTH = 200;

export class Editor {
  definition: FormDefinition = $state.raw() as FormDefinition;
  live: FormDefinition | null = $state.raw(null);
  problems: readonly Issue[] = $state.raw([]);
  liveVersion: number | null = $state(null);
  saving: 'saved' | 'waiting' | 'saving' | 'failed' | 'overtaken' = $state('saved');

  private past: readonly FormDefinition[] = $state.raw([]);
  private future: readonly FormDefinition[] = $state.raw([]);
  private revision: number | string;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private flight: Promise<void> | null = null;

  readonly canUndo = $derived.by(() => this.past.length > 0);
  readonly canRedo = $derived.by(() => this.future.length > 0);
  readonly unpublished = $derived.by(() => JSON.stringify(this.definition) !== JSON.stringify(this.live));

  constructor(readonly model: AdminModel) {
    this.definition = model.state.definition;
    this.live = model.state.live;
    this.problems = model.state.problems;
    this.liveVersion = model.state.live_version;
    this.revision = model.state.revision;
  }

  apply(next: FormDefinition): void {
    if (next === this.definition || JSON.stringify(next) === JSON.stringify(this.definition)) return;
    this.past = [...this.past, this.definition].slice(-DEPTH);
    this.future = [];
    this.show(next);
  }

  undo(): void {
    const last = this.past.at(-1);
    if (!last) return;
    this.future = [this.definition, ...this.future];
    this.past = this.past.slice(0, -1);
    this.show(last);
  }

  redo(): void {
    const [next, ...rest] = this.future;
    if (!next) return;
    this.past = [...this.past, this.definition];
    this.future = rest;
    this.show(next);
  }

  private show(definition: FormDefinition): void {
    this.definition = definition;
    this.saving = 'waiting';
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
      const answer = await send<DraftState>(this.model.draft_url, { method: 'PUT', body: { definition: sent }, etag: `"${this.revision}"` });
      this.revision = answer.revision;
      this.problems = answer.problems;
      if (this.definition === sent) this.saving = 'saved';
    } catch (error) {
      this.saving = error instanceof Problem && (error.status === 412 || error.status === 409) ? 'overtaken' : 'failed';
      if (error instanceof Problem && error.issues.length > 0) this.problems = error.issues;
    }
  }

  /** True when it is live. */
  async publish(): Promise<boolean> {
    await this.save();
    if (this.saving !== 'saved') return false;
    try {
      const answer = await send<DraftState & { version: number }>(this.model.publish_url, { method: 'POST', body: {}, etag: `"${this.revision}"` });
      this.live = this.definition;
      this.liveVersion = answer.version ?? answer.live_version;
      this.revision = answer.revision ?? this.revision;
      this.problems = answer.problems ?? [];
      toast({ text: t('Published. New records use version {version}; work under way goes on as it began.', { version: this.liveVersion ?? '' }) });
      return true;
    } catch (error) {
      if (error instanceof Problem && error.issues.length > 0) this.problems = error.issues;
      toast({ text: error instanceof Problem && error.detail ? error.detail : t('That did not work. Please try again.'), bad: true });
      return false;
    }
  }
}
