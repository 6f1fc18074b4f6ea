import { readdirSync, readFileSync } from 'node:fs';

/** Whether the system's error says that there is no such file, directory or program (ENOENT). */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

/** Returns what `body` does; undefined when a file that it works on is not there. Throws whatever else it throws. */
export function unlessMissing<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The whole of a file as text; undefined when it is not there. Throws the system's error when it cannot be read. */
export function readIfPresent(file: string): string | undefined {
  return unlessMissing(() => readFileSync(file, 'utf8'));
}

/** The names in a directory; none when it is not there. Throws the system's error when it cannot be read. */
export function namesIn(directory: string): string[] {
  return unlessMissing(() => readdirSync(directory)) ?? [];
}
