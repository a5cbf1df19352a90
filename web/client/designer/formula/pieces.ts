/** A formula as it is drawn: words that are typed, and chips for names; and what may complete a word. */
import { tokens } from '../names';
import type { KnownFunction } from '../surroundings';
import type { Known } from './scope';

export type Piece = { readonly text: string } | { readonly chip: Known };

export function pieces(formula: string, known: ReadonlyMap<string, Known>): readonly Piece[] {
  const found: Piece[] = [];
  for (const token of tokens(formula)) {
    const chip = token.kind === 'name' ? known.get(token.text) : undefined;
    const last = found.at(-1);
    if (chip) found.push({ chip });
    else if (last && 'text' in last) found[found.length - 1] = { text: last.text + token.text };
    else found.push({ text: token.text });
  }
  return found;
}

export interface Completion {
  readonly label: string;
  readonly detail: string;
  /** What is written. */
  readonly insert: string;
  readonly field: boolean;
}

/** The word before the caret, with where it begins. */
export function wordBefore(formula: string, caret: number): { readonly word: string; readonly start: number } {
  const before = formula.slice(0, caret);
  const open = (before.match(/"/g) ?? []).length % 2 === 1;
  const word = open ? '' : (/[\p{L}_][\p{L}\p{N}_.]*$/u.exec(before)?.[0] ?? '');
  return { word, start: caret - word.length };
}

const MOST = 12;

/** Fields by label or name, functions by name: those that begin with the word first. */
export function completions(word: string, known: readonly Known[], functions: readonly KnownFunction[]): readonly Completion[] {
  const wanted = word.toLowerCase();
  const rank = (text: string): number => {
    const at = text.toLowerCase().indexOf(wanted);
    return at < 0 ? 9 : at === 0 ? 0 : 1;
  };
  const fields = known.map((each) => ({ rank: Math.min(rank(each.label), rank(each.name)), depth: each.name.split('.').length, completion: { label: each.label, detail: each.name, insert: each.name, field: true } }));
  const called = functions.map((each) => ({ rank: rank(each.name) + (rank(each.name) < 9 ? 0.5 : 0), depth: 1, completion: { label: each.name, detail: each.signature, insert: `${each.name}(`, field: false } }));
  return [...fields, ...called]
    .filter((each) => each.rank < 9)
    .toSorted((a, b) => a.rank - b.rank || a.depth - b.depth)
    .slice(0, MOST)
    .map((each) => each.completion);
}
