"""Flows as frozen typed objects: read once at publish or load, checked against the form they work on, compiled,
cached."""

from flow_engine.definition.check import check_flow
from flow_engine.definition.check_calls import check_calls
from flow_engine.definition.compile import CompiledFlow, compile_flow
from flow_engine.definition.flow import FlowDef
from flow_engine.definition.parse import CODES, parse_flow

__all__ = [
    "CODES",
    "CompiledFlow",
    "FlowDef",
    "check_calls",
    "check_flow",
    "compile_flow",
    "parse_flow",
]
