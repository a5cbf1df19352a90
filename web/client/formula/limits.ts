/** The bounds of a formula, as `form_engine/formula/limits.py`. */
export const MAX_DIGITS = 28;
export const MAX_EXPONENT = 100;
export const MAX_TEXT = 100_000;
export const MAX_ITEMS = 10_000;
