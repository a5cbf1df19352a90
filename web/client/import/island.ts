import { island } from '../island';
import ImportWizard from './ImportWizard.svelte';

export const mount = island(ImportWizard);
