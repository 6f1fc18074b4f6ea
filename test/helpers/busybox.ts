import { beforeAll } from 'vitest';
import { useRegistry } from './images.ts';
import type { Store } from './skiff.ts';

/** Pulls busybox into a store before the tests of a file, and tells what it is called there. */
export function useBusybox(store: Store, named: (reference: string) => void): void {
  const registry = useRegistry('busybox');
  beforeAll(async () => {
    const reference = registry.reference('busybox');
    // The registry is on the loopback of this machine, wherever the store's other commands run.
    await store.ok(['pull', reference], { through: [] });
    named(reference);
  });
}
