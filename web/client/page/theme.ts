/** Light, dark, or as the system: at once on this page, and in a cookie for the next. */

export type Theme = 'light' | 'dark' | 'system';

const YEAR = 31_536_000;

export function setTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie =
    theme === 'system'
      ? `theme=; Path=/; Max-Age=0; SameSite=Lax${secure}`
      : `theme=${theme}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
  markButtons(theme);
}

function markButtons(theme: Theme): void {
  for (const button of document.querySelectorAll<HTMLElement>('[data-theme-set]')) {
    button.setAttribute('aria-pressed', String(button.dataset.themeSet === theme));
  }
}

export function themeButtons(): void {
  markButtons((document.documentElement.dataset.theme as Theme | undefined) ?? 'system');
  document.addEventListener('click', (event) => {
    const button = (event.target as Element).closest<HTMLElement>('[data-theme-set]');
    if (button) {
      event.preventDefault();
      setTheme(button.dataset.themeSet as Theme);
    }
  });
}
