"""Recurring schedules: from terms to dated, priced periods. Pure: plain values in, plain values out.

A schedule is worked out on a grid of months: each day belongs to one month of the grid and costs its part of that
month's rate, exactly; what a period costs is rounded once (docs/decisions/026).
"""

from flow_engine.series.months import add_months, extended, month_ends
from flow_engine.series.parts import evenly
from flow_engine.series.period import Line, Period, split_evenly
from flow_engine.series.rates import Rise, Steps, rates
from flow_engine.series.revise import Kept, Revision, revise
from flow_engine.series.schedule import CHARGED, Change, Due, Layer, PutOff, Terms, TooLong, joined, schedule

__all__ = [
    "CHARGED",
    "Change",
    "Due",
    "Kept",
    "Layer",
    "Line",
    "Period",
    "PutOff",
    "Revision",
    "Rise",
    "Steps",
    "Terms",
    "TooLong",
    "add_months",
    "evenly",
    "extended",
    "joined",
    "month_ends",
    "rates",
    "revise",
    "schedule",
    "split_evenly",
]
