import { EngineError } from '../../errors.ts';
import { printError } from '../output/print.ts';

const END = new Set(['\r', '\n', '\x04']);
const INTERRUPT = '\x03';
const ERASE = new Set(['\b', '\x7f']);

/**
 * Asks on standard error and reads a line from the terminal at standard input; a `secret` is not shown while it is typed.
 * Throws `cancelled` on Ctrl-C.
 */
export async function ask(question: string, { secret = false }: { secret?: boolean } = {}): Promise<string> {
  const { stdin } = process;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  const type = (character: string): void => {
    if (character === INTERRUPT) reject(new EngineError('cancelled', 'nobody has logged in'));
    else if (END.has(character)) resolve(text);
    else if (ERASE.has(character)) {
      if (text !== '' && !secret) printError('\b \b');
      text = [...text].slice(0, -1).join('');
    } else {
      text += character;
      if (!secret) printError(character);
    }
  };
  const read = (chunk: Buffer): void => [...chunk.toString()].forEach(type);
  const end = (): void => resolve(text);
  stdin.setRawMode(true);
  printError(question);
  stdin.on('data', read).once('end', end).resume();
  try {
    return await promise;
  } finally {
    stdin.off('data', read).off('end', end).pause();
    stdin.setRawMode(false);
    printError('\n');
  }
}

/** Reads all of standard input, without a last newline. */
export async function readAllInput(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  return text.replace(/\r?\n$/, '');
}
