/** A cascade's tree of options as indented lines, and back. */
import { LOCALES, nameOf, wordsIn, type OptionDefinition } from './definition';

type Raw = OptionDefinition | string;
const whole = (option: Raw): OptionDefinition => (typeof option === 'string' ? { key: option } : option);

export function toLines(options: readonly Raw[], name: (option: OptionDefinition) => string, depth = 0): string {
  return options.map((raw) => `${'  '.repeat(depth)}${name(whole(raw))}${whole(raw).options ? `\n${toLines(whole(raw).options ?? [], name, depth + 1)}` : ''}`).join('\n');
}

/** What stood at the same place under the same name keeps its key, colour and other language. */
export function fromLines(text: string, before: readonly Raw[], locale: string): readonly OptionDefinition[] {
  const lines = text.split('\n').filter((line) => line.trim());
  let at = 0;
  const level = (depth: number, known: readonly Raw[]): OptionDefinition[] => {
    const found: OptionDefinition[] = [];
    const taken = new Set(known.map((option) => whole(option).key));
    while (at < lines.length) {
      const line = lines[at] ?? '';
      const deep = Math.floor((line.length - line.trimStart().length) / 2);
      if (deep < depth) break;
      at += 1;
      const name = line.trim();
      const old = known.map(whole).find((option) => nameOf(option, locale) === name && !found.some((each) => each.key === option.key));
      const inside = level(depth + 1, old?.options ?? []);
      const { options: _, ...rest } = old ?? { key: freshKey(taken), label: Object.fromEntries(LOCALES.map((each) => [each, name])) };
      taken.add(rest.key);
      const worded = wordsIn(rest.label, locale) === '' ? { ...rest, label: { [locale]: name } } : rest;
      found.push(inside.length > 0 ? { ...worded, options: inside } : worded);
    }
    return found;
  };
  return level(0, before);
}

function freshKey(taken: ReadonlySet<string>): string {
  let count = taken.size + 1;
  while (taken.has(`option_${count}`)) count += 1;
  return `option_${count}`;
}
