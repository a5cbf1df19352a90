"""What is said about flows that start by themselves."""

from web.phrases.marking import N_

PHRASES = {
    "not_a_date": N_("This field holds no date."),
    "date_of_others": N_(
        "This date hangs on other records or on the day; choose one that only changes with its record."
    ),
    "bad_offset": N_("This is not an offset such as -P30D or P1M."),
    "bad_cron": N_("These are no times such as 0 8 * * 1-5 (minute, hour, day, month, weekday)."),
    "bad_pointer": N_("This is no JSON pointer such as /order/amount."),
    "chain_too_long": N_("Automations called each other too often in a row; the last one was not started."),
    "trigger_refused": N_("This flow could not start."),
    "timer_broke": N_("Something that was due failed again and again and is not tried any more."),
    "work_broke": N_(
        "Work in the background failed again and again; it waits among the dead letters to be sent again."
    ),
    "hook_finds_none": N_("No record has these values."),
    "hook_finds_several": N_("More than one record has these values."),
}
