/** Words of the page: English in the source, the reader's language from the catalogue that the page carries. */

type Params = Readonly<Record<string, string | number>>;

let catalogue: Readonly<Record<string, string>> | null = null;

function read(): Readonly<Record<string, string>> {
  const element = document.getElementById('messages');
  return element?.textContent ? JSON.parse(element.textContent) : {};
}

/** The message in the reader's language; `{name}` in it is replaced by `params.name`. */
export function t(message: string, params?: Params): string {
  catalogue ??= read();
  const text = catalogue[message] || message;
  return params ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole)) : text;
}

/** The page's language, as the formatting of dates and numbers wants it. */
export function locale(): string {
  return document.documentElement.lang || 'zh-CN';
}
