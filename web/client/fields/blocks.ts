/** Rich text as blocks (`form_engine/fields/rich_text.py`), to and from what an editable element holds. Never through HTML text. */
import type { Json } from '../form/model';

export interface Run {
  text: string;
  bold?: true;
  italic?: true;
  underline?: true;
  link?: string;
}

export interface Block {
  is: 'p' | 'h' | 'li' | 'ol' | 'quote';
  runs: Run[];
}

export const MARKS = ['bold', 'italic', 'underline'] as const;
const KINDS = new Set(['p', 'h', 'li', 'ol', 'quote']);
const LONGEST = 50_000;
const LINK = /^https?:\/\/[^@\s<>"\\^`{|}]+$/i;

export function isBlocks(json: Json): json is Json[] & Block[] {
  return Array.isArray(json) && json.every(isBlock);
}

function isBlock(json: unknown): json is Block {
  const block = json as Block;
  return typeof json === 'object' && json !== null && Object.keys(json).length === 2 && KINDS.has(block.is) && Array.isArray(block.runs) && block.runs.every(isRun);
}

function isRun(json: unknown): json is Run {
  if (typeof json !== 'object' || json === null || typeof (json as Run).text !== 'string') return false;
  return Object.entries(json).every(([key, part]) => key === 'text' || (key === 'link' ? typeof part === 'string' || part === null : (MARKS as readonly string[]).includes(key) && typeof part === 'boolean'));
}

export function badLink(blocks: readonly Block[]): boolean {
  return blocks.some((block) => block.runs.some((run) => run.link && !LINK.test(run.link)));
}

export function tooLong(blocks: readonly Block[]): boolean {
  return plain(blocks).length > LONGEST;
}

export function plain(blocks: readonly Block[]): string {
  return blocks.map((block) => block.runs.map((run) => run.text).join('')).join('\n');
}

const TAGS: Readonly<Record<Block['is'], string>> = { p: 'p', h: 'h3', li: 'li', ol: 'li', quote: 'blockquote' };

/** Fills an element with blocks: elements and texts, nothing that is parsed. */
export function draw(blocks: readonly Block[], into: Element): void {
  into.replaceChildren();
  let list: Element | undefined;
  for (const block of blocks) {
    const element = document.createElement(TAGS[block.is]);
    for (const run of block.runs) element.append(drawn(run));
    if (block.is !== 'li' && block.is !== 'ol') {
      list = undefined;
      into.append(element);
      continue;
    }
    const tag: 'ul' | 'ol' = block.is === 'li' ? 'ul' : 'ol';
    if (list?.localName !== tag) {
      list = document.createElement(tag);
      into.append(list);
    }
    list.append(element);
  }
}

function drawn(run: Run): Node {
  let node: Node = document.createTextNode(run.text);
  const wrap = (tag: string) => {
    const element = document.createElement(tag);
    element.append(node);
    node = element;
    return element;
  };
  if (run.underline) wrap('u');
  if (run.italic) wrap('i');
  if (run.bold) wrap('b');
  if (run.link && LINK.test(run.link)) {
    const link = wrap('a');
    link.setAttribute('href', run.link);
    link.setAttribute('target', '_blank');
    link.setAttribute('rel', 'noopener noreferrer nofollow');
  }
  return node;
}

const BLOCK_OF: Readonly<Record<string, Block['is']>> = { H1: 'h', H2: 'h', H3: 'h', H4: 'h', BLOCKQUOTE: 'quote' };
const BLOCKISH = new Set(['P', 'DIV', 'H1', 'H2', 'H3', 'H4', 'BLOCKQUOTE', 'LI', 'UL', 'OL']);

/** What an editable element holds, as blocks; everything else in it is only its text. */
export function read(from: Element): Block[] {
  const blocks: Block[] = [];
  let open: Block | null = null;
  const close = () => (open = null);
  const walk = (node: Node, is: Block['is'], look: Omit<Run, 'text'>) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const text = (node.textContent ?? '').replace(/[\u00a0\n\r\t]+/g, ' ');
      if (!text || (!open && !text.trim())) return;
      if (!open) blocks.push((open = { is, runs: [] }));
      append(open, { text, ...look });
      return;
    }
    if (!(node instanceof Element) || ['SCRIPT', 'STYLE', 'TEMPLATE'].includes(node.tagName)) return;
    if (node.tagName === 'BR') return void close();
    const inner = { ...look, ...lookOf(node) };
    const block = BLOCKISH.has(node.tagName);
    const kind = node.tagName === 'LI' ? (node.parentElement?.tagName === 'OL' ? 'ol' : 'li') : (BLOCK_OF[node.tagName] ?? is);
    if (block) close();
    for (const child of node.childNodes) walk(child, kind, inner);
    if (block) close();
  };
  for (const child of from.childNodes) walk(child, 'p', {});
  return blocks.filter((block) => block.runs.some((run) => run.text.trim()));
}

function append(block: Block, run: Run): void {
  const last = block.runs.at(-1);
  if (last && JSON.stringify({ ...last, text: '' }) === JSON.stringify({ ...run, text: '' })) last.text += run.text;
  else block.runs.push(run);
}

function lookOf(element: Element): Omit<Run, 'text'> {
  switch (element.tagName) {
    case 'B':
    case 'STRONG':
      return { bold: true };
    case 'I':
    case 'EM':
      return { italic: true };
    case 'U':
      return { underline: true };
    case 'A': {
      const link = element.getAttribute('href') ?? '';
      return LINK.test(link) ? { link } : {};
    }
    default:
      return {};
  }
}
