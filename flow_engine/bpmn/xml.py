"""BPMN's XML: the process, and the diagram of it."""

from typing import Final
from xml.etree import ElementTree as Xml

from flow_engine.bpmn.board import error_id
from flow_engine.bpmn.draw import Drawing
from flow_engine.bpmn.graph import Edge, Node, Scope
from flow_engine.bpmn.routes import Point, routes

LANGUAGE: Final = "urn:formloom:formula"
"""Conditions stand in the language of our formulas; `decision_<step>` is what was decided there."""

_SPACES: Final = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
for _prefix, _uri in _SPACES.items():
    Xml.register_namespace(_prefix, _uri)


def document(drawing: Drawing, key: str, name: str) -> str:
    """The whole document."""
    root = Xml.Element(
        _tag("bpmn:definitions"),
        {
            "id": f"definitions_{key}",
            "targetNamespace": "urn:formloom:flows",
            "expressionLanguage": LANGUAGE,
            "exporter": "Formloom",
        },
    )
    for code in drawing.errors:
        _child(root, "bpmn:error", id=error_id(code), name=code, errorCode=code)
    for event in drawing.messages:
        _child(root, "bpmn:message", id=f"message_{event}", name=event)
    process = _child(root, "bpmn:process", id=f"process_{key}", name=name, isExecutable="true")
    _scope(process, drawing.root)
    diagram = _child(root, "bpmndi:BPMNDiagram", id=f"diagram_{key}")
    plane = _child(diagram, "bpmndi:BPMNPlane", id=f"plane_{key}", bpmnElement=f"process_{key}")
    _pictures(plane, drawing.root)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _scope(parent: Xml.Element, scope: Scope) -> None:
    for collection in dict.fromkeys(node.many.collection for node in scope.nodes if node.many):
        _child(parent, "bpmn:dataObject", id=collection, name=collection, isCollection="true")
    named = [(edge.id(number), edge) for number, edge in enumerate(scope.edges)]
    for node in scope.nodes:
        _node(parent, node, named)
    for key, edge in named:
        flow = _child(parent, "bpmn:sequenceFlow", id=key, sourceRef=edge.source, targetRef=edge.target)
        if edge.name:
            flow.set("name", edge.name)
        if edge.condition:
            _expression(flow, "bpmn:conditionExpression", edge.condition)


def _node(parent: Xml.Element, node: Node, edges: list[tuple[str, Edge]]) -> None:
    element = _child(parent, f"bpmn:{node.tag}", id=node.id, **node.attributes)
    if node.name:
        element.set("name", node.name)
    if node.host:
        element.set("attachedToRef", node.host)
    default = next((key for key, edge in edges if edge.source == node.id and edge.default), None)
    if default is not None:
        element.set("default", default)
    if node.documentation:
        _child(element, "bpmn:documentation").text = node.documentation
    for key, edge in edges:
        if edge.target == node.id:
            _child(element, "bpmn:incoming").text = key
    for key, edge in edges:
        if edge.source == node.id:
            _child(element, "bpmn:outgoing").text = key
    for number, owner in enumerate(node.owners):
        asked = _child(element, "bpmn:potentialOwner", id=f"{node.id}_owner_{number}")
        _expression(_child(asked, "bpmn:resourceAssignmentExpression"), "bpmn:formalExpression", owner)
    if node.event is not None:
        tag, attributes, inner, text = node.event
        event = _child(element, f"bpmn:{tag}", id=f"{node.id}_event", **attributes)
        if inner:
            _expression(event, f"bpmn:{inner}", text)
    if node.many is not None:
        many = _child(element, "bpmn:multiInstanceLoopCharacteristics")
        many.set("isSequential", str(node.many.one_by_one).lower())
        _child(many, "bpmn:loopDataInputRef").text = node.many.collection
        _child(many, "bpmn:inputDataItem", id=node.many.item, name=node.many.item)
        if node.many.until:
            _expression(many, "bpmn:completionCondition", node.many.until)
    if node.inside is not None:
        _scope(element, node.inside)


def _pictures(plane: Xml.Element, scope: Scope) -> None:
    for node in scope.nodes:
        shape = _child(plane, "bpmndi:BPMNShape", id=f"{node.id}_shape", bpmnElement=node.id)
        if node.inside is not None:
            shape.set("isExpanded", "true")
        width, height = node.size
        _child(shape, "dc:Bounds", x=str(node.x), y=str(node.y), width=str(width), height=str(height))
        if node.inside is not None:
            _pictures(plane, node.inside)
    for (number, edge), points in zip(enumerate(scope.edges), routes(scope), strict=True):
        key = edge.id(number)
        line = _child(plane, "bpmndi:BPMNEdge", id=f"{key}_line", bpmnElement=key)
        _points(line, points)


def _points(line: Xml.Element, points: list[Point]) -> None:
    for x, y in points:
        _child(line, "di:waypoint", x=str(x), y=str(y))


def _expression(parent: Xml.Element, tag: str, text: str) -> None:
    found = _child(parent, tag)
    found.set(f"{{{_SPACES['xsi']}}}type", "bpmn:tFormalExpression")
    found.text = text


def _child(parent: Xml.Element, tag: str, /, **attributes: str) -> Xml.Element:
    return Xml.SubElement(parent, _tag(tag), attributes)


def _tag(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{_SPACES[prefix]}}}{local}"
