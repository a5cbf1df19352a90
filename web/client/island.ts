/** An island module in one line: what was shown until now gives way to the component. */
import { mount, type Component } from 'svelte';

export function island<P extends object>(component: Component<P>): (target: Element, props: Record<string, unknown>) => void {
  return (target, props) => {
    target.replaceChildren();
    mount(component as unknown as Component<Record<string, unknown>>, { target, props });
  };
}
