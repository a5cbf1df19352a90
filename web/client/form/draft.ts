/** What was typed survives a reload, a crash, a dead battery: kept on this device until the server has it. */
import type { FormState } from './state.svelte';
import type { FileModel, Values } from './model';
import type { Linked } from './evaluation';

interface Kept {
  readonly version: number;
  readonly etag: string | null;
  readonly at: number;
  readonly values: Values;
  readonly linked: Linked;
  readonly files: Readonly<Record<string, Omit<FileModel, 'id'>>>;
  readonly people: FormState['people'];
}

const PREFIX = 'formloom.draft.';
const LONGEST = 30 * 86_400_000;

export class Draft {
  constructor(private readonly form: FormState) {}

  private get key(): string | null {
    const { draft_key } = this.form.model;
    return draft_key && PREFIX + draft_key;
  }

  /** Writes what stands in the form now; false when the device keeps nothing (private mode, full). */
  keep(): boolean {
    if (!this.key) return false;
    const { model, values, linked, files, people } = this.form;
    const kept: Kept = { version: model.version, etag: model.submit?.etag ?? null, at: Date.now(), values, linked, files, people };
    try {
      localStorage.setItem(this.key, JSON.stringify(kept));
      return true;
    } catch {
      return false;
    }
  }

  /** What was kept, and whether the form or the record has changed since. */
  found(): { readonly at: Date; readonly stale: boolean } | null {
    const kept = this.read();
    if (!kept) return null;
    const { model } = this.form;
    return { at: new Date(kept.at), stale: kept.version !== model.version || kept.etag !== (model.submit?.etag ?? null) };
  }

  /** Puts back what was kept; fields that are gone or may no longer be written stay as they are. */
  restore(): void {
    const kept = this.read();
    if (!kept) return;
    const { form } = this;
    const writable = form.model.fields.filter((field) => !form.isReadonly(field)).map((field) => field.key);
    const values = Object.fromEntries(writable.flatMap((key) => (key in kept.values ? [[key, kept.values[key] ?? null]] : [])));
    form.linked = { ...kept.linked, ...form.linked };
    form.files = { ...kept.files, ...form.files };
    form.people = { ...kept.people, ...form.people };
    form.values = { ...form.values, ...values };
  }

  forget(): void {
    if (this.key) localStorage.removeItem(this.key);
  }

  private read(): Kept | null {
    if (!this.key) return null;
    try {
      const kept = JSON.parse(localStorage.getItem(this.key) ?? 'null') as Kept | null;
      return kept && Date.now() - kept.at < LONGEST ? kept : null;
    } catch {
      return null;
    }
  }
}
