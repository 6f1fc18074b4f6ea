import { execFileSync } from 'node:child_process';
import { inject } from 'vitest';
import type { Store } from './skiff.ts';

/** Makes a new store one into which busybox was pulled, and returns what it is called there: a copy, the store's own. */
export function useBusybox({ root }: Pick<Store, 'root'>): string {
  const { reference, store } = inject('busybox');
  execFileSync('cp', ['-a', `${store}/.`, root]);
  return reference;
}
