/** A request that must happen once: its key lives until an answer comes, so that sending again is safe, even after a reload. */
import { freshKey } from '../http';

interface Pending {
  readonly key: string;
  readonly digest: string;
}

export class Once {
  constructor(private readonly place: string) {}

  /** The key for this body: the one that is still unanswered, or a fresh one when the body is another. */
  key(body: unknown): string {
    const digest = JSON.stringify(body);
    const pending = this.read();
    if (pending?.digest === digest) return pending.key;
    const fresh = { key: freshKey(), digest };
    try {
      sessionStorage.setItem(this.place, JSON.stringify(fresh));
    } catch {
      // a full store costs only the protection across reloads
    }
    return fresh.key;
  }

  /** An answer came, whichever. */
  answered(): void {
    sessionStorage.removeItem(this.place);
  }

  private read(): Pending | null {
    return JSON.parse(sessionStorage.getItem(this.place) ?? 'null') as Pending | null;
  }
}
