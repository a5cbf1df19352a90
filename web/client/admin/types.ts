/** The types that can be added here, each with what its definition needs at least. The full designer comes with more. */
import { t } from '../i18n';

export interface AddableType {
  readonly type: string;
  readonly icon: string;
  readonly label: string;
  /** Keys that the type cannot do without. */
  readonly config: Readonly<Record<string, unknown>>;
}

export function addableTypes(): readonly AddableType[] {
  return [
    { type: 'text', icon: 'text', label: t('Text'), config: {} },
    { type: 'number', icon: 'hash', label: t('Number'), config: {} },
    { type: 'money', icon: 'money', label: t('Amount'), config: { currency: 'CNY' } },
    { type: 'percent', icon: 'percent', label: t('Percent'), config: {} },
    { type: 'date', icon: 'calendar', label: t('Date'), config: {} },
    { type: 'datetime', icon: 'clock', label: t('Date and time'), config: {} },
    { type: 'time', icon: 'clock', label: t('Time'), config: {} },
    { type: 'choice', icon: 'choice', label: t('Choice'), config: { options: [] } },
    { type: 'choices', icon: 'checks', label: t('Several choices'), config: { options: [] } },
    { type: 'boolean', icon: 'boolean', label: t('Yes or no'), config: {} },
    { type: 'phone', icon: 'phone', label: t('Phone'), config: {} },
    { type: 'email', icon: 'mail', label: t('E-mail'), config: {} },
    { type: 'url', icon: 'globe', label: t('Web address'), config: {} },
    { type: 'id_number', icon: 'id', label: t('ID number'), config: {} },
    { type: 'address', icon: 'home', label: t('Address'), config: {} },
    { type: 'location', icon: 'pin', label: t('Location'), config: {} },
    { type: 'member', icon: 'user', label: t('Person'), config: {} },
    { type: 'members', icon: 'users', label: t('Several people'), config: {} },
    { type: 'department', icon: 'org', label: t('Department'), config: {} },
    { type: 'photo', icon: 'camera', label: t('Photos'), config: {} },
    { type: 'file', icon: 'clip', label: t('Files'), config: {} },
    { type: 'signature', icon: 'pen', label: t('Signature'), config: {} },
    { type: 'scan', icon: 'qr', label: t('Barcode or QR code'), config: {} },
    { type: 'rating', icon: 'star', label: t('Rating'), config: {} },
    { type: 'rich_text', icon: 'rich', label: t('Formatted text'), config: {} },
  ];
}
