import { island } from '../island';
import FormAdmin from './FormAdmin.svelte';

export const mount = island(FormAdmin);
