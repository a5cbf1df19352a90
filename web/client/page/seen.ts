/** A page to which unread lines under the bell lead says that it is looked at; fetching it has changed nothing. */
import { send } from '../http';
import { refreshBadges } from './live';

export function tellSeen(): void {
  const { seen } = document.body.dataset;
  if (!seen) return;
  const tell = () => {
    if (document.visibilityState !== 'visible') return;
    document.removeEventListener('visibilitychange', tell);
    void send('/notifications/seen', { method: 'POST', body: { link: seen } }).then(refreshBadges, () => undefined);
  };
  document.addEventListener('visibilitychange', tell);
  tell();
}
