/**
 * What a phone loads for a form page, gzipped: the entry, the form island with all chunks it needs, the style sheets and the sprite.
 * `node web/client/size.mjs [dist]` prints JSON: {"bytes": …, "files": [{"file", "bytes"}]}.
 */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const ENTRY = 'web/client/main.ts';
const ISLAND = 'web/client/form/island.ts';

const dist = process.argv[2] ?? 'web/static/dist';
const manifest = JSON.parse(readFileSync(`${dist}/manifest.json`, 'utf8'));

/** Files of a chunk and of all that it imports at once (not of what it may load later). */
function filesOf(key, found = new Set()) {
  const chunk = manifest[key];
  if (!chunk) throw new Error(`${key} is not in the manifest`);
  if (found.has(chunk.file)) return found;
  found.add(chunk.file);
  for (const style of chunk.css ?? []) found.add(style);
  for (const asset of chunk.assets ?? []) found.add(asset);
  for (const next of chunk.imports ?? []) filesOf(next, found);
  return found;
}

const names = [...new Set([...filesOf(ENTRY), ...filesOf(ISLAND)])];
const files = names.map((file) => ({ file, bytes: gzipSync(readFileSync(`${dist}/${file}`), { level: 9 }).length }));
const bytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
console.log(JSON.stringify({ bytes, files }, null, 2));
