import { make } from './make.ts';

/** Makes the helper with the address and undefined-behaviour sanitizers, before its tests begin. */
export function setup(): void {
  make('native', 'sanitize');
}
