import { make } from './make.ts';

/** Makes the C programs that the tests of a part run, before it begins. */
export function setup(): void {
  make('test/programs', 'all');
}
