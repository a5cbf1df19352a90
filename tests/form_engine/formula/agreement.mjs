// Evaluates shipped trees with the browser's evaluator, built into the folder argv[2]: {world, trees} are in its
// sent.json, tagged values go to stdout.
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

const entry = fileURLToPath(new URL('../../../web/client/formula/index.ts', import.meta.url));
const lib = { entry, formats: ['es'], fileName: 'formula' };
await build({ configFile: false, logLevel: 'error', build: { outDir: process.argv[2], emptyOutDir: false, lib } });
const F = await import(pathToFileURL(`${process.argv[2]}/formula.js`));
const { world, trees } = JSON.parse(readFileSync(`${process.argv[2]}/sent.json`, 'utf8'));

const fetch = (form, id) => {
  const raw = world.records[form]?.[String(id)];
  return raw ? F.recordFromJson(form, { id, ...raw }, world.types, fetch) : null;
};
const record = (form, raw) => F.recordFromJson(form, raw, world.types, fetch);
const plain = record('payment', world.own);
const today = F.fromJson('date', world.context.today);
const context = { ...F.NO_CONTEXT, today, now: F.fromJson('datetime', world.context.now), zone: world.context.zone };
const env = {
  own: new F.RecordValue('payment', plain.id, { ...plain.values, sick: F.DIV0 }, fetch),
  row: record(world.row.form, world.row),
  target: record(world.target.form, world.target),
  context,
};

function tagged(value) {
  if (value instanceof F.Decimal) return { number: F.spell(value) };
  if (value instanceof F.Day) return { date: F.spell(value) };
  if (value instanceof F.Moment) return { datetime: F.spell(value) };
  if (value instanceof F.Duration) return { duration: value.ms };
  if (value instanceof F.ErrorValue) return { error: value.code };
  return Array.isArray(value) ? { list: value.map(tagged) } : value;
}

process.stdout.write(JSON.stringify(trees.map((tree) => tagged(F.evaluate(tree, env)))));
