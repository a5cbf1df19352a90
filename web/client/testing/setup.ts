/** What happy-dom lacks of a browser. */
import { beforeEach } from 'vitest';

HTMLDialogElement.prototype.showModal ??= function showModal(this: HTMLDialogElement) {
  this.open = true;
};
URL.createObjectURL ??= () => 'blob:test';
URL.revokeObjectURL ??= () => {};

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  document.body.replaceChildren();
  document.head.replaceChildren();
});
