import { join, resolve } from 'node:path';

const BUILT = resolve(import.meta.dirname, '../../build/test-programs');

/** The path of a program of test/programs, as its Makefile calls it; made before the tests of a part (test/setup/programs.ts). */
export function builtProgram(name: string): string {
  return join(BUILT, name);
}
