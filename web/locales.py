"""In which language this reader is spoken to, and how dates and amounts look to them."""

from datetime import UTC, date, datetime
from decimal import Decimal

from flask import Flask, current_app, g, has_request_context, request
from flask_babel import (  # type: ignore[import-untyped]
    Babel,
    format_currency,
    format_date,
    format_datetime,
    format_decimal,
    format_percent,
)
from formloom.i18n import LOCALES, best_locale

from web.identity import current_identity
from web.speech import gettext, ngettext
from web.translations import FOLDER as TRANSLATIONS

_BABEL = {"zh-CN": "zh_Hans_CN", "en": "en"}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def current_locale() -> str:
    """``zh-CN`` or ``en``: the reader's switch, else the person's own setting, else what the browser prefers."""
    if not has_request_context():
        return LOCALES[0]
    if "locale" not in g:
        chosen = request.cookies.get("lang", "")
        identity = None if chosen in LOCALES else current_identity()
        own = identity.locale if identity else None
        g.locale = chosen if chosen in LOCALES else own or best_locale(request.headers.get("Accept-Language"))
    return str(g.locale)


def time_zone() -> str:
    """The zone in which this reader is shown moments."""
    identity = current_identity() if has_request_context() else None
    return identity.time_zone if identity else str(current_app.config["TIME_ZONE"])


def init_locales(app: Flask) -> None:
    """Set up Babel: the catalogue beside this file, the reader's locale, the workspace's time zone."""
    app.config.setdefault("TIME_ZONE", "Asia/Shanghai")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, locale_selector=lambda: _BABEL[current_locale()], timezone_selector=time_zone)
    app.jinja_env.filters.update(money=money, number=number, day=day, moment=moment, ago=ago, left=left)


def money(amount: str | Decimal | None, currency: str = "CNY") -> str:
    """An amount with its currency and thousands separators, as the reader writes it."""
    # English writes CN¥ to tell the yuan from the yen; here the currency is the reader's own.
    return "" if amount is None else str(format_currency(Decimal(amount), currency)).replace("CN¥", "¥")


def number(value: str | Decimal | int | None, decimals: int | None = None) -> str:
    """A number with thousands separators; ``decimals`` fixes the places shown."""
    if value is None:
        return ""
    pattern = None if decimals is None else "#,##0" + ("." + "0" * decimals if decimals else "")
    return str(format_decimal(Decimal(value), pattern or "#,##0.##########"))


def percent(value: str | Decimal) -> str:
    """A fraction as a percentage, with the places it has (``0.05`` is 5 %, ``0.125`` is 12.5 %)."""
    return str(format_percent(Decimal(value), "#,##0.########%"))


def day(value: date | str | None) -> str:
    """A date, which has no time zone and never shifts."""
    if not value:
        return ""
    parsed = date.fromisoformat(value) if isinstance(value, str) else value
    return str(format_date(parsed, "yyyy-MM-dd"))


def moment(value: datetime | str | None) -> str:
    """A point in time, shown in the workspace's zone."""
    if not value:
        return ""
    parsed = datetime.fromisoformat(value) if isinstance(value, str) else value
    return str(format_datetime(parsed, "yyyy-MM-dd HH:mm"))


def ago(value: datetime, now: datetime) -> str:
    """How long ago, in words; past a week the date."""
    seconds = int((now - value.astimezone(UTC)).total_seconds())
    if seconds < _MINUTE:
        return gettext("just now")
    if seconds < _HOUR:
        return ngettext("%(num)s minute ago", "%(num)s minutes ago", seconds // _MINUTE)
    if seconds < _DAY:
        return ngettext("%(num)s hour ago", "%(num)s hours ago", seconds // _HOUR)
    if seconds < 7 * _DAY:
        return ngettext("%(num)s day ago", "%(num)s days ago", seconds // _DAY)
    return moment(value)


def left(due: datetime, now: datetime) -> str:
    """Time left until ``due`` or time over, in words that stand beside the colour."""
    return left_of(int((due - now).total_seconds()))


def left_of(seconds: int, *, days: bool = True) -> str:
    """The same for so many seconds; without `days` in hours, however many: of working time no day has 24."""
    amount = abs(seconds)
    if amount < _HOUR:
        value, over, rest = max(1, amount // _MINUTE), _overdue_minutes, _left_minutes
    elif amount < 2 * _DAY or not days:
        value, over, rest = amount // _HOUR, _overdue_hours, _left_hours
    else:
        value, over, rest = amount // _DAY, _overdue_days, _left_days
    return over(value) if seconds < 0 else rest(value)


def _left_minutes(value: int) -> str:
    return ngettext("%(num)s minute left", "%(num)s minutes left", value)


def _left_hours(value: int) -> str:
    return ngettext("%(num)s hour left", "%(num)s hours left", value)


def _left_days(value: int) -> str:
    return ngettext("%(num)s day left", "%(num)s days left", value)


def _overdue_minutes(value: int) -> str:
    return ngettext("%(num)s minute overdue", "%(num)s minutes overdue", value)


def _overdue_hours(value: int) -> str:
    return ngettext("%(num)s hour overdue", "%(num)s hours overdue", value)


def _overdue_days(value: int) -> str:
    return ngettext("%(num)s day overdue", "%(num)s days overdue", value)
