import { resolve } from 'node:path';

/** The built executable. */
export const EXECUTABLE = resolve(import.meta.dirname, '../../build/skiff');

/** The command line that is tested: the executable, or another one (separated by blanks), the same program on Node. */
export const COMMAND = (process.env['SKIFF_UNDER_TEST'] ?? EXECUTABLE).split(' ');
