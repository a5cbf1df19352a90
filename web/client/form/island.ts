import { island } from '../island';
import FormIsland from './FormIsland.svelte';

export const mount = island(FormIsland);
