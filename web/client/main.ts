/** What every page loads: small things at once, each island only where the page has one. */
import '../styles/app.css';
import './icons.svg';
import { mountIslands } from './islands';
import { copyButtons } from './page/copy';
import { dialogs } from './page/dialog';
import { keys } from './page/keys';
import { counting } from './page/left';
import { live } from './page/live';
import { loadMore } from './page/more';
import { tellSeen } from './page/seen';
import { relativeTimes } from './page/time';
import { themeButtons } from './page/theme';
import { showCarried } from './page/toast';

mountIslands();
dialogs();
copyButtons();
themeButtons();
relativeTimes();
counting();
keys();
live();
loadMore();
tellSeen();
if (document.querySelector('[data-push]')) void import('./page/push').then((page) => page.pushButtons());
showCarried();
