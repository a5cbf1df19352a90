/** Codes of what is wrong, in the reader's words: what, and what to do. */
import type { Finding } from '../fields/kind';
import { t } from '../i18n';

const WORDS: Readonly<Record<string, () => string>> = {
  required: () => t('Please fill this in.'),
  not_a_decimal: () => t('Please enter a number, such as 1280.50.'),
  too_many_decimals: () => t('At most {decimals} decimals.'),
  too_large: () => t('This number is too large.'),
  below_min: () => t('At least {min}.'),
  above_max: () => t('At most {max}.'),
  too_long: () => t('At most {max} characters.'),
  too_short: () => t('At least {min} characters.'),
  not_a_date: () => t('Please enter a date, such as 2026-11-23.'),
  not_a_phone: () => t('Please enter a phone number.'),
  too_few: () => t('At least {min} are needed.'),
  too_many: () => t('At most {max} are allowed.'),
  rule_failed: () => t('This does not hold yet.'),
  rule_error: () => t('This cannot be calculated yet; please check the values it needs.'),
};

export function words(finding: Finding): string {
  const message = (WORDS[finding.code] ?? (() => t('Please check this value.')))();
  const params = finding.params ?? {};
  return message.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}
