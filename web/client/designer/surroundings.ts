/** What the designer knows of the house: other forms with their fields, roles, the formula language. */
import type { Words } from './definition';

export interface KnownField {
  readonly key: string;
  readonly label: Words;
  readonly type: string;
  /** Of a link: where it leads; of a backlink and a table alike absent. */
  readonly form?: string | null;
  readonly fields?: readonly KnownField[];
}

export interface KnownForm {
  readonly key: string;
  readonly title: Words;
  readonly fields: readonly KnownField[];
}

export interface KnownRole {
  readonly key: string;
  readonly title: Words;
}

export interface KnownFunction {
  readonly name: string;
  /** `number number? -> number`. */
  readonly signature: string;
}

export interface Surroundings {
  readonly forms: readonly KnownForm[];
  readonly roles: readonly KnownRole[];
  readonly functions: readonly KnownFunction[];
}
