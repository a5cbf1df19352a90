/** What fields that hold stored files share: photos, files, a signature. */
import type { FieldModel, Json } from '../form/model';
import type { FormState } from '../form/state.svelte';
import type { Finding } from './kind';
import { countFinding } from './several';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isFileId(json: Json): json is string {
  return typeof json === 'string' && UUID.test(json);
}

export function filesFinding(json: Json, field: FieldModel): Finding | null {
  if (!Array.isArray(json)) return { code: 'not_a_list' };
  if (!json.every(isFileId)) return { code: 'not_a_file' };
  return countFinding(json, field);
}

export function fileUrl(form: FormState, id: string): string {
  return form.files[id]?.url ?? `/files/${id}`;
}

export function fileName(form: FormState, id: string): string | null {
  return form.files[id]?.name ?? null;
}

/** The ids in a list field, with the moves that a control makes of them. */
export class FileList {
  constructor(
    private readonly form: FormState,
    private readonly pointer: () => string,
  ) {}

  /** Read anew: several uploads may end while one is shown. */
  get ids(): string[] {
    const now = this.form.valueAt(this.pointer());
    return Array.isArray(now) ? now.map(String) : [];
  }

  add(id: string): void {
    this.put([...this.ids, id]);
  }

  remove(id: string): void {
    this.put(this.ids.filter((each) => each !== id));
  }

  private put(next: string[]): void {
    this.form.set(this.pointer(), next.length > 0 ? next : null);
    this.form.touch(this.pointer());
  }
}
