import { print } from '../output/print.ts';

/**
 * Asks on standard output and reads one line of standard input, terminal or not, as Docker does: only `y` and `Y` are
 * consent, an input that has ended is not.
 */
export async function confirm(warning: string): Promise<boolean> {
  print(`${warning}\nAre you sure you want to continue? [y/N] `);
  return /^\s*y\s*$/i.test(await readLine());
}

/** Reads a line by the stream, which waits also where somebody has made the descriptor non-blocking. */
async function readLine(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) {
    text += String(chunk);
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
  }
  return text;
}
