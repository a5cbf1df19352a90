/** Whom somebody picks for the steps ahead when they submit or press a button. */
import type { Issue } from '../http';

export interface ChoiceModel {
  readonly flow: string;
  readonly step: string;
  readonly title: string;
  readonly many: boolean;
  /** Null: anybody. */
  readonly people: readonly { readonly id: number; readonly name: string }[] | null;
}

/** By step, the ids of the people. */
export type Picked = Readonly<Record<string, readonly number[]>>;

/** So many people are shown as a list. */
export const FEW = 8;

/** The steps of which the server says that somebody must (or may not) be picked. */
export function wanting(issues: readonly Issue[]): string[] {
  return [...new Set(issues.map((issue) => issue.pointer.split('/')).filter((way) => way[1] === 'choices').map((way) => way[2] ?? ''))];
}
