/** The button with `data-push` (the server's public key) has messages shown in this browser from now on. */
import { send } from '../http';
import { toast } from './toast';

const WORKER = '/push-worker.js';

export function pushButtons(): void {
  const button = document.querySelector<HTMLButtonElement>('[data-push]');
  if (!button || !('serviceWorker' in navigator) || !('PushManager' in window)) return;
  button.hidden = false;
  button.addEventListener('click', () => {
    button.setAttribute('aria-busy', 'true');
    subscribe(button.dataset.push ?? '')
      .then(() => location.reload())
      .catch(() => toast({ text: button.dataset.pushFailed ?? '' }))
      .finally(() => button.removeAttribute('aria-busy'));
  });
}

async function subscribe(key: string): Promise<void> {
  const worker = await navigator.serviceWorker.register(WORKER, { scope: '/' });
  await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: bytesOf(key) };
  const made = (await worker.pushManager.subscribe(options)).toJSON();
  const body = { endpoint: made.endpoint, keys: { p256dh: made.keys?.p256dh, auth: made.keys?.auth }, device: device() };
  await send('/api/v1/channels/devices', { method: 'POST', body });
}

/** base64url → bytes. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(raw, (one) => one.charCodeAt(0));
}

/** What the list of devices calls this browser: its kind and system, as it says itself. */
export function device(agent: string = navigator.userAgent): string {
  const browser = /(Edg|Firefox|Chrome|Safari)\//.exec(agent)?.[1]?.replace('Edg', 'Edge');
  const system = /(Android|iPhone|iPad|Windows|Mac OS X|Linux)/.exec(agent)?.[1]?.replace('Mac OS X', 'macOS');
  return [browser, system].filter(Boolean).join(' · ');
}
