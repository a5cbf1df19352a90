import { loadKinds, typesOf } from '../fields/registry';
import { island } from '../island';
import FormIsland from './FormIsland.svelte';

export const mount = island(FormIsland, (model) => loadKinds(typesOf(model.fields)));
