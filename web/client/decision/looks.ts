/** How the known decisions look and read; a button of a flow brings its own words. */
import { t } from '../i18n';
import type { ActionModel } from './model';

interface Looks {
  readonly label: string;
  readonly hint: string;
  readonly done: string;
  readonly tone: 'primary' | 'danger' | 'plain';
  readonly key: string | undefined;
}

function known(decision: string): Partial<Looks> {
  switch (decision) {
    case 'approve':
      return { label: t('Approve'), hint: t('passes it on'), done: t('Approved'), tone: 'primary', key: 'a' };
    case 'reject':
      return { label: t('Reject'), hint: t('ends it here'), done: t('Rejected'), tone: 'danger', key: 'r' };
    case 'return':
      return { label: t('Return'), hint: t('back for changes'), done: t('Returned') };
    case 'resubmit':
      return { label: t('Submit again'), hint: t('goes on from here'), done: t('Submitted'), tone: 'primary', key: 'a' };
    case 'submit':
      return { label: t('Submit'), hint: '', done: t('Submitted'), tone: 'primary', key: 'a' };
    case 'withdraw':
      return { label: t('Withdraw'), hint: t('takes the request back'), done: t('Withdrawn') };
    case 'acknowledge':
      return { label: t('Noted'), hint: t('closes this task'), done: t('Noted'), tone: 'primary', key: 'a' };
    case 'advise':
      return { label: t('Advise'), hint: t('they decide afterwards'), done: t('Sent'), tone: 'primary', key: 'a' };
    case 'take_back':
      return { label: t('Take back'), hint: t('you decide again'), done: t('Taken back') };
    case 'accept':
      return { label: t('Accept'), done: t('Accepted'), tone: 'primary', key: 'a' };
    case 'decline':
      return { label: t('Decline'), done: t('Declined'), key: 'r' };
    case 'urge':
      return { label: t('Urge'), done: t('Reminded') };
    case 'retry':
      return { label: t('Try again'), hint: t('looks for somebody to ask'), done: t('Tried again'), tone: 'primary' };
    default:
      return {};
  }
}

export function looksOf(action: ActionModel): Looks {
  const usual = known(action.decision);
  return {
    label: action.label || usual.label || action.decision,
    hint: action.hint ?? usual.hint ?? '',
    done: usual.done ?? t('Done'),
    tone: action.tone ?? usual.tone ?? 'plain',
    key: usual.key,
  };
}

/** Whether pressing it is enough, or something must be said first. */
export function asksFirst(action: ActionModel): boolean {
  return Boolean(action.choices?.length) || action.comment === 'required' || Boolean(action.reasons?.length) || (action.to_steps?.length ?? 0) > 1 || !['approve', 'submit', 'resubmit', 'acknowledge', 'retry', 'accept', 'urge'].includes(action.decision);
}
