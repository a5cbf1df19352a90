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
    { type: 'date', icon: 'calendar', label: t('Date'), config: {} },
    { type: 'choice', icon: 'choice', label: t('Choice'), config: { options: [] } },
    { type: 'boolean', icon: 'boolean', label: t('Yes or no'), config: {} },
    { type: 'phone', icon: 'phone', label: t('Phone'), config: {} },
    { type: 'member', icon: 'user', label: t('Person'), config: {} },
    { type: 'photo', icon: 'camera', label: t('Photos'), config: {} },
    { type: 'file', icon: 'clip', label: t('Files'), config: {} },
  ];
}
