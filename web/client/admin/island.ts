import { FIELD_TYPES, loadKinds } from '../fields/registry';
import { island } from '../island';
import FormAdmin from './FormAdmin.svelte';

export const mount = island(FormAdmin, () => loadKinds(FIELD_TYPES));
