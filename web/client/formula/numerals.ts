/** Numbers written as text, and amounts in Chinese capitals. Mirrors `numerals.py`. */
import { MAX_DIGITS, MAX_EXPONENT } from './limits';
import { HALF_AWAY, bounded, roundTo } from './numbers';
import { Decimal, ErrorValue, NUM, type Value } from './values';

const NUMBER = /^[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+|(?=\.[0-9]))(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,4})?%?$/;
const LONGEST = 200;

/** A number as a person types it, or null when it is none. */
export function readNumber(given: string): Decimal | null {
  const text = given.replace(/^ +/, '').replace(/ +$/, '');
  if (text.length > LONGEST || !NUMBER.test(text)) return null;
  const plain = text.replace('%', '').replaceAll(',', '');
  const digits = plain.replace(/[eE].*$/, '').replace(/[^0-9]/g, '').replace(/^0+|0+$/g, '');
  const number = new Decimal(plain.replace(/\.(?=[eE]|$)/, ''));
  if (digits.length > MAX_DIGITS || (!number.isZero() && Math.abs(number.e) > MAX_EXPONENT)) return null;
  if (!text.endsWith('%')) return number;
  const share = bounded(number.div(100));
  return share instanceof ErrorValue ? null : share;
}

const DIGITS = '零壹贰叁肆伍陆柒捌玖';
const PLACES = ['仟', '佰', '拾', ''];

/** An amount of yuan in capitals, by the banks' rule; the rule's fine print is in `numerals.py`. */
export function capitalAmount(amount: Decimal): Value {
  const rounded = roundTo(amount, 2, HALF_AWAY);
  if (rounded.abs().gte('1e16')) return NUM;
  if (rounded.isZero()) return '零元整';
  const [yuan = '0', fraction = '00'] = rounded.abs().toFixed(2).split('.');
  const sign = rounded.isNegative() ? '负' : '';
  const tenths = Number(fraction[0]);
  const hundredths = Number(fraction[1]);
  const hasYuan = yuan !== '0';
  let text = hasYuan ? `${whole(BigInt(yuan))}元` : '';
  if (!tenths && !hundredths) return `${sign}${text}整`;
  if (tenths) text += `${DIGITS[tenths]}角`;
  else if (hasYuan) text += '零';
  return sign + text + (hundredths ? `${DIGITS[hundredths]}分` : '');
}

/** Below 10^16: so many 亿, so many 万, the rest; a group that does not reach its highest place begins with 零. */
function whole(number: bigint): string {
  for (const [size, unit] of [[100_000_000n, '亿'], [10_000n, '万']] as const) {
    if (number < size) continue;
    const low = number % size;
    const gap = low > 0n && low < size / 10n ? '零' : '';
    return whole(number / size) + unit + gap + (low ? whole(low) : '');
  }
  return group(number);
}

function group(number: bigint): string {
  let text = '';
  let gap = false;
  [...String(number).padStart(4, '0')].forEach((digit, at) => {
    if (digit === '0') {
      gap = text !== '';
      return;
    }
    text += (gap ? '零' : '') + DIGITS[Number(digit)] + PLACES[at];
    gap = false;
  });
  return text;
}
