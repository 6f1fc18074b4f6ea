import { isTerminal } from '../../host/is-terminal.ts';
import type { OutputStream } from '../text/terminal.ts';
import { print } from './print.ts';

const STDOUT = 1;

/**
 * Standard output for progress: what is written is out at once, whoever reads slowly slows the command down. Apart from
 * `print`, as asking for a terminal loads a module that short commands can do without.
 */
export const standardOutput: OutputStream = {
  get isTTY() {
    return isTerminal(STDOUT);
  },
  get columns() {
    return isTerminal(STDOUT) ? process.stdout.columns : undefined;
  },
  get rows() {
    return isTerminal(STDOUT) ? process.stdout.rows : undefined;
  },
  write(text) {
    print(text);
    return true;
  },
};
