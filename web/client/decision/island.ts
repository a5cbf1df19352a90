import { loadKinds, typesOf } from '../fields/registry';
import { island } from '../island';
import DecisionIsland from './DecisionIsland.svelte';

export const mount = island(DecisionIsland, (model) => loadKinds(typesOf(model.form?.fields ?? [])));
