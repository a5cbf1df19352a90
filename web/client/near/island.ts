import { island } from '../island';
import Near from './Near.svelte';

export const mount = island(Near);
