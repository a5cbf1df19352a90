import { FIELD_TYPES, loadKinds } from '../fields/registry';
import { island } from '../island';
import Designer from './Designer.svelte';

export const mount = island(Designer, () => loadKinds(FIELD_TYPES));
