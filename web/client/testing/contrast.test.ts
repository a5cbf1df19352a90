/** Every text colour reads on every ground it may stand on, in both themes (WCAG 2.2 AA). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const TOKENS = readFileSync('web/styles/tokens.css', 'utf8');
const PAIRS = new Map([...TOKENS.matchAll(/--([\w-]+): light-dark\((#\w+), (#\w+)\);/g)].map(([, name, light, dark]) => [name, { light, dark }]));

const TEXT: readonly (readonly [string, readonly string[]])[] = [
  ['ink', ['paper', 'surface', 'sunken', 'raised', 'hover', 'accent-soft']],
  ['muted', ['paper', 'surface', 'sunken', 'raised', 'hover']],
  ['accent', ['paper', 'surface', 'sunken', 'raised', 'hover', 'accent-soft']],
  ['on-accent', ['accent', 'accent-strong']],
  ['on-bad', ['bad-solid']],
  ...['running', 'good', 'bad', 'warn', 'notice', 'idle'].map((tone) => [tone, [`${tone}-soft`, 'surface', 'paper']] as const),
];
const SIGNS: readonly (readonly [string, readonly string[]])[] = [
  ['line-strong', ['surface', 'paper']],
  ['focus', ['surface', 'paper', 'sunken']],
  ...['running', 'good', 'bad', 'warn', 'notice', 'idle'].map((tone) => [`${tone}-dot`, ['surface']] as const),
];

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

function cases(pairs: typeof TEXT): [string, string, 'light' | 'dark'][] {
  return pairs.flatMap(([ink, grounds]) => grounds.flatMap((ground) => (['light', 'dark'] as const).map((theme): [string, string, 'light' | 'dark'] => [ink, ground, theme])));
}

const measured = (ink: string, ground: string, theme: 'light' | 'dark'): number => contrast(PAIRS.get(ink)?.[theme] ?? '', PAIRS.get(ground)?.[theme] ?? '');

describe('tokens', () => {
  it.each(cases(TEXT))('%s on %s (%s) is readable', (ink, ground, theme) => {
    expect(measured(ink, ground, theme)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(cases(SIGNS))('%s on %s (%s) can be seen', (ink, ground, theme) => {
    expect(measured(ink, ground, theme)).toBeGreaterThanOrEqual(3);
  });
});
