import { island } from '../island';
import DecisionIsland from './DecisionIsland.svelte';

export const mount = island(DecisionIsland);
