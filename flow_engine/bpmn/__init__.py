"""Flows for other people's tools: BPMN 2.0 with its diagram (docs/decisions/092)."""

from formloom.i18n import localized

from flow_engine.bpmn.draw import Drawing
from flow_engine.bpmn.xml import LANGUAGE, document
from flow_engine.definition import FlowDef

__all__ = ["LANGUAGE", "to_bpmn"]


def to_bpmn(flow: FlowDef, locale: str = "zh-CN") -> str:
    """The flow as a BPMN 2.0 document. Names are in this locale; conditions are our formulas (`LANGUAGE`)."""
    return document(Drawing(flow, locale), flow.key, localized(flow.title, locale))
