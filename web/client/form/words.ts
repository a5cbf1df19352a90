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
  not_a_datetime: () => t('Please enter a date and a time.'),
  not_a_phone: () => t('Please enter a phone number.'),
  not_a_mobile: () => t('Please enter a mobile number.'),
  not_a_time: () => t('Please enter a time, such as 08:30.'),
  too_exact: () => t('Hours and minutes only, please.'),
  not_a_duration: () => t('Please enter a length of time.'),
  not_a_leaf: () => t('Please choose down to the last level.'),
  not_an_email: () => t('Please enter an e-mail address.'),
  not_a_url: () => t('Please enter a web address, such as https://example.com.'),
  not_an_id_number: () => t('An ID number has 18 characters.'),
  id_region_unknown: () => t('An ID number does not begin like this.'),
  id_date_impossible: () => t('The date of birth in this ID number does not exist.'),
  id_check_failed: () => t('This ID number is mistyped: its last character does not match.'),
  not_an_option: () => t('This is no longer offered. Please choose again.'),
  too_inaccurate: () => t('The position is not exact enough: within {max} m is needed. Try again under the open sky.'),
  line_break: () => t('Only one line is possible here.'),
  duplicate: () => t('This stands here twice.'),
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
