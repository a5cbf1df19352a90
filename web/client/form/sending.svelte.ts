/** Files on their way, as the photo and file fields show them: each may fail and be tried again alone. */
import { freshKey, Problem } from '../http';
import { t } from '../i18n';
import type { FileModel } from './model';
import type { FormState } from './state.svelte';
import { compressed, upload } from './upload';

export class Sending {
  /** The same for every try, so that a file whose answer was lost is stored once. */
  readonly key = freshKey();
  progress = $state(0);
  failed = $state('');
  readonly preview: string | null;
  abort: () => void = () => {};

  constructor(readonly file: File) {
    this.preview = file.type.startsWith('image/') ? URL.createObjectURL(file) : null;
  }

  release(): void {
    if (this.preview) URL.revokeObjectURL(this.preview);
  }
}

export class Outgoing {
  items = $state.raw<readonly Sending[]>([]);

  constructor(
    private readonly form: FormState,
    private readonly shrink: boolean,
    private readonly ondone: (file: FileModel) => void,
  ) {}

  add(files: Iterable<File>): void {
    for (const file of files) {
      const sending = new Sending(file);
      this.items = [...this.items, sending];
      void this.send(sending);
    }
  }

  async send(sending: Sending): Promise<void> {
    sending.failed = '';
    sending.progress = 0;
    this.form.uploading += 1;
    try {
      const file = this.shrink ? await compressed(sending.file) : sending.file;
      const going = upload(this.form.model.upload, file, sending.key, (share) => (sending.progress = share));
      sending.abort = going.abort;
      const stored = await going.done;
      this.form.rememberFile(stored);
      this.remove(sending);
      this.ondone(stored);
    } catch (error) {
      sending.failed = error instanceof Problem && error.detail ? error.detail : t('Not sent. Press to try again.');
    } finally {
      this.form.uploading -= 1;
    }
  }

  remove(sending: Sending): void {
    sending.abort();
    sending.release();
    this.items = this.items.filter((each) => each !== sending);
  }
}
