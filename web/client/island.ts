/** An island module in one line: what was shown until now gives way to the component. */
import { mount, type Component } from 'svelte';

type Props = Record<string, unknown>;

/** `ready` is waited for first: what the component cannot be drawn without. */
export function island<P extends object>(component: Component<P>, ready?: (props: P) => Promise<void>): (target: Element, props: Props) => Promise<void> {
  return async (target, props) => {
    await ready?.(props as P);
    target.replaceChildren();
    mount(component as unknown as Component<Props>, { target, props });
  };
}
