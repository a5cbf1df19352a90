"""What starts runs by itself: changes of records, dates, times of day, other systems (docs/decisions/070 to 072)."""

from flow_engine.service.triggering.triggering import Triggering

__all__ = ["Triggering"]
