import { afterEach, describe, expect, it, vi } from 'vitest';
import { KINDS } from '../fields/registry';
import { orderForm } from '../testing/model';
import { Outgoing } from './sending.svelte';
import { FormState } from './state.svelte';

/** Stands in for the browser's request: what was sent, and a hand on the answer. */
class Line extends EventTarget {
  static readonly opened: Line[] = [];
  readonly upload = new EventTarget();
  readonly headers: Record<string, string> = {};
  body: FormData | null = null;
  status = 0;
  responseText = '';
  constructor() {
    super();
    Line.opened.push(this);
  }
  open(): void {}
  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value;
  }
  send(body: FormData): void {
    this.body = body;
  }
  abort(): void {
    this.dispatchEvent(new Event('abort'));
  }
  answer(status: number, json: unknown): void {
    this.status = status;
    this.responseText = JSON.stringify(json);
    this.dispatchEvent(new Event('load'));
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

async function start() {
  Line.opened.length = 0;
  vi.stubGlobal('XMLHttpRequest', Line);
  const form = new FormState(orderForm(), KINDS);
  const done: string[] = [];
  const outgoing = new Outgoing(form, false, (file) => done.push(file.id));
  outgoing.add([new File(['x'], 'slip.jpg', { type: 'image/jpeg' })]);
  await settled();
  return { form, outgoing, done };
}

afterEach(() => vi.unstubAllGlobals());

describe('a file on its way', () => {
  it('shows how far it is, and joins the form when the server has it', async () => {
    const { form, outgoing, done } = await start();
    expect(form.uploading).toBe(1);
    Line.opened[0]?.upload.dispatchEvent(new ProgressEvent('progress', { lengthComputable: true, loaded: 3, total: 4 }));
    expect(outgoing.items[0]?.progress).toBe(0.75);
    Line.opened[0]?.answer(201, { id: 'f1', name: 'slip.jpg', url: '/files/f1' });
    await settled();
    expect(done).toEqual(['f1']);
    expect(form.files.f1?.url).toBe('/files/f1');
    expect(form.uploading).toBe(0);
    expect(outgoing.items).toEqual([]);
  });

  it('stays with its reason when it fails, and is tried again under the same key', async () => {
    const { form, outgoing, done } = await start();
    Line.opened[0]?.dispatchEvent(new Event('error'));
    await settled();
    expect(outgoing.items[0]?.failed).toContain('try again');
    expect(form.uploading).toBe(0);
    void outgoing.send(outgoing.items[0]!);
    await settled();
    expect(Line.opened[1]?.headers['Idempotency-Key']).toBe(Line.opened[0]?.headers['Idempotency-Key']);
    Line.opened[1]?.answer(413, { status: 413, code: 'too_large', detail: 'At most 20 MB' });
    await settled();
    expect(outgoing.items[0]?.failed).toBe('At most 20 MB');
    expect(done).toEqual([]);
  });

  it('can be taken away while it is sent', async () => {
    const { form, outgoing, done } = await start();
    outgoing.remove(outgoing.items[0]!);
    await settled();
    expect(outgoing.items).toEqual([]);
    expect([form.uploading, done.length]).toEqual([0, 0]);
  });
});
