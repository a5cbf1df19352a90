// Reads BPMN from standard input with bpmn-moddle and tells, as JSON, what it warns of and what it found.
import { BpmnModdle } from "bpmn-moddle";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { rootElement, warnings, references } = await new BpmnModdle().fromXML(Buffer.concat(chunks).toString("utf8"));

const drawn = new Set(rootElement.diagrams[0].plane.planeElement.map((each) => each.bpmnElement.id));
const elements = [];
const visit = (scope) => {
  for (const element of scope.flowElements ?? []) {
    elements.push({ id: element.id, type: element.$type, drawn: drawn.has(element.id) });
    visit(element);
  }
};
for (const root of rootElement.rootElements) visit(root);
console.log(JSON.stringify({ warnings: warnings.map((each) => each.message), references: references.length, elements }));
