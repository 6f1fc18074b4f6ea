import { writeSync } from 'node:fs';

const STDOUT = 1;
const STDERR = 2;

/**
 * Writes to standard output at once. Not through process.stdout, whose first use costs Bun 8 ms: more than all the
 * rest of a short command. A reader that has gone ends the command in silence, as SIGPIPE would.
 */
export function print(text: string): void {
  writeWhole(STDOUT, text);
}

/** The same for standard error. */
export function printError(text: string): void {
  writeWhole(STDERR, text);
}

function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit(EXIT_SIGPIPE);
      // Somebody made the pipe non-blocking: the stream knows how to wait for a slow reader.
      if (code === 'EAGAIN')
        return void (fd === STDOUT ? process.stdout : process.stderr).write(bytes.subarray(at));
      throw error;
    }
  }
}

const EXIT_SIGPIPE = 128 + 13;
