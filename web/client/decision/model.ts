/** What the server hands to the bar of decisions. */
import type { FormModel } from '../form/model';
import type { ChoiceModel } from './choices';

export interface ActionModel {
  /** approve, reject, return, resubmit, withdraw, submit, acknowledge, … or a button's key. */
  readonly decision: string;
  readonly label?: string | null;
  /** The second line: what will happen. */
  readonly hint?: string | null;
  readonly reasons?: readonly { readonly key: string; readonly label: string }[];
  readonly comment?: 'optional' | 'required' | 'none';
  readonly to_steps?: readonly { readonly key: string; readonly label: string }[];
  readonly tone?: 'primary' | 'danger' | 'plain' | null;
  /** Whom one picks for the steps ahead. */
  readonly choices?: readonly ChoiceModel[];
}

/** Something that changes who decides. */
export interface ActModel {
  readonly act: string;
  readonly label: string;
  /** What it means, in a line. */
  readonly hint: string;
  readonly many: boolean;
}

export interface SeatingModel {
  readonly acts: readonly ActModel[];
  readonly people_url: string;
  /** Whom one has asked as well, and may take off again. */
  readonly added: readonly { readonly id: number; readonly name: string }[];
}

export interface DecisionModel {
  readonly task: number | string | null;
  readonly submit: { readonly url: string };
  readonly actions: readonly ActionModel[];
  /** What may be written at this step, in the same place. */
  readonly form?: FormModel | null;
  readonly seating?: SeatingModel | null;
  readonly people_url?: string;
  readonly next?: string | null;
  readonly draft_key?: string | null;
  /** Where the log of a closed task can be read. */
  readonly inbox?: string | null;
}

export interface DecisionAnswer {
  readonly next?: string | null;
  readonly message?: string | null;
}
