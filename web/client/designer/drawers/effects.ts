/** What publishing would do, as the server tells it. */
import type { Issue } from '../../http';

export interface Effects {
  readonly problems: readonly Issue[];
  readonly records: number;
  readonly running: number;
  readonly as_job: boolean;
  readonly removed: readonly { readonly field: string; readonly records: number }[];
  readonly conversions: readonly {
    readonly field: string;
    readonly from: string;
    readonly to: string;
    readonly possible: boolean;
    readonly records: number;
    readonly lost: number;
    readonly samples: readonly { readonly record: number; readonly old: unknown; readonly why: string }[];
  }[];
  readonly concerned: number;
}

export interface Diff {
  readonly same: boolean;
  readonly words: Readonly<Record<string, readonly string[]>>;
}

export function losing(effects: Effects): boolean {
  return effects.conversions.some((each) => each.lost > 0) || effects.removed.some((each) => each.records > 0);
}
