/** A server of answers: each request is kept and gets the next answer of its route. */
import { vi } from 'vitest';

export interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

type Answer = { readonly status?: number; readonly body?: unknown } | 'offline';

export function serve(...answers: Answer[]): Sent[] {
  const sent: Sent[] = [];
  vi.stubGlobal('fetch', (url: string, init: RequestInit = {}) => {
    sent.push({ url, method: init.method ?? 'GET', headers: init.headers as Record<string, string>, body: init.body ? JSON.parse(String(init.body)) : undefined });
    const answer = answers.shift() ?? 'offline';
    if (answer === 'offline') return Promise.reject(new TypeError('Failed to fetch'));
    return Promise.resolve(new Response(JSON.stringify(answer.body ?? null), { status: answer.status ?? 200 }));
  });
  return sent;
}

export function problem(status: number, code: string, rest: object = {}): Answer {
  return { status, body: { type: 'about:blank', title: code, status, code, detail: code, issues: [], ...rest } };
}

/** Where the page was sent. */
export function watchLocation(): string[] {
  const visited: string[] = [];
  vi.spyOn(location, 'assign').mockImplementation((url) => void visited.push(String(url)));
  vi.spyOn(location, 'reload').mockImplementation(() => void visited.push('reload'));
  return visited;
}
