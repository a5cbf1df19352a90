/** What is selected in the designer, and where the next thing goes. */
import type { Place, Spot } from './commands';
import { placeOf } from './commands';
import { fieldAt, sectionsOf, type FormDefinition } from './definition';

export type Chosen = { readonly path: string } | { readonly section: number; readonly index: number } | { readonly section: number } | null;

export class Choosing {
  chosen: Chosen = $state.raw(null);
  /** Read out after each move. */
  told = $state('');

  is(spot: Spot | { readonly section: number }): boolean {
    const { chosen } = this;
    if (!chosen) return false;
    if ('path' in spot) return 'path' in chosen && chosen.path === spot.path;
    if ('path' in chosen) return false;
    return chosen.section === spot.section && ('index' in spot ? spot.index : -1) === ('index' in chosen ? chosen.index : -1);
  }

  /** Behind what is chosen; else at the end of the form. */
  next(definition: FormDefinition, table: boolean): Place {
    const { chosen } = this;
    if (chosen && 'path' in chosen) {
      const field = fieldAt(definition, chosen.path);
      if (field?.type === 'table' && !table) return { table: field.key, index: field.fields?.length ?? 0 };
      const inTable = chosen.path.includes('.');
      const place = placeOf(definition, { path: inTable && table ? (chosen.path.split('.')[0] ?? '') : chosen.path });
      if (place) return { ...place, index: place.index + 1 };
    } else if (chosen && sectionsOf(definition)[chosen.section]) {
      return { section: chosen.section, index: 'index' in chosen ? chosen.index + 1 : (sectionsOf(definition)[chosen.section]?.items.length ?? 0) };
    }
    const last = Math.max(sectionsOf(definition).length - 1, 0);
    return { section: last, index: sectionsOf(definition)[last]?.items.length ?? 0 };
  }
}
