import type { Face } from './kind';

/** Types a field type's face where it stands, in the module script of its component. */
export function defineFace(face: Face): Face {
  return face;
}
