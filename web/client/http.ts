/** Talking with our own server: JSON in and out, problems (RFC 9457) as errors with a code. */

export interface Issue {
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

/** The server refused and said why. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly issues: readonly Issue[] = [],
    readonly params: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail || code);
  }
}

/** No answer came: whether the server did it is unknown, so the same request may be sent again with the same key. */
export class Unreachable extends Error {}

export interface Request {
  readonly method?: string;
  readonly body?: unknown;
  /** Idempotency-Key: the server answers a repetition with its first answer. */
  readonly key?: string;
  /** Sent as If-Match. */
  readonly etag?: string | null;
  readonly signal?: AbortSignal;
}

export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? '';
}

/** The answer's JSON (null when empty). Raises `Problem` or `Unreachable`. */
export async function send<T>(url: string, request: Request = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json', 'X-CSRF-Token': csrfToken() };
  if (request.body !== undefined) headers['Content-Type'] = 'application/json';
  if (request.key) headers['Idempotency-Key'] = request.key;
  if (request.etag) headers['If-Match'] = request.etag;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: request.method ?? 'GET',
      headers,
      credentials: 'same-origin',
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      ...(request.signal ? { signal: request.signal } : {}),
    });
    text = await response.text();
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw new Unreachable(String(error));
  }
  if (!response.ok) throw problemFrom(response.status, text);
  return (text ? JSON.parse(text) : null) as T;
}

/** A problem document, or what can be said without one (a proxy's HTML page). */
export function problemFrom(status: number, text: string): Problem {
  try {
    const body = JSON.parse(text);
    return new Problem(status, body.code ?? `http_${status}`, body.detail ?? body.title ?? '', body.issues ?? [], body.params ?? {});
  } catch {
    return new Problem(status, `http_${status}`, '');
  }
}

/** A key that no other request has; `crypto.randomUUID` is missing on plain-http origins. */
export function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
