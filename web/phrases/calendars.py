"""What is wrong with a calendar."""

from web.phrases.marking import N_

PHRASES = {
    "bad_hours": N_("Working hours end after they begin, and follow one another."),
    "bad_day": N_("There is no such day."),
    "days_crossed": N_("The last day is before the first."),
    "too_many_days": N_("An exception is at most %(max)s days long."),
    "day_twice": N_("There is an exception for %(day)s already."),
    "hours_of_day_off": N_("A day off has no working hours."),
    "unknown_holidays": N_("The public holidays of “%(source)s” are not known."),
    "second_default": N_("The calendar “%(key)s” is the default already."),
    "unknown_calendar": N_("There is no calendar “%(key)s”."),
}
