import { island } from '../../island';
import FormStart from './FormStart.svelte';

export const mount = island(FormStart);
