import type { Command } from 'commander';
import type { FileOptions } from '../../engine/options/create.ts';
import { parseSize } from '../parse/size.ts';

type Tmpfs = NonNullable<FileOptions['tmpfs']>;

export interface FileFlags {
  readOnly?: boolean;
  shmSize?: number;
  tmpfs?: Tmpfs;
}

/** What it sees of files besides its image. */
export function addFileOptions(command: Command): void {
  command
    .optionsGroup('Files:')
    .option('--read-only', 'mount its root file system read-only')
    .option(
      '--tmpfs <path[:options]>',
      'a file system in memory, as in /run:size=64m (repeatable)',
      collectTmpfs,
    )
    .option('--shm-size <size>', 'size of /dev/shm; 64m when absent', parseSize);
}

/** `PATH[:OPTION,…]`; the last one for a path wins, as with Docker. What a tmpfs can be is the runtime's to say. */
function collectTmpfs(text: string, previous: Tmpfs = []): Tmpfs {
  const [path = '', ...options] = text.split(':');
  const others = previous.filter((other) => other.path !== path);
  return [...others, { path, options: options.length > 0 ? options.join(':').split(',') : [] }];
}

export function fileOptions(flags: FileFlags): FileOptions {
  // As with Docker a size of 0 is the default.
  return { readOnly: flags.readOnly === true, tmpfs: flags.tmpfs, shmSize: flags.shmSize || undefined };
}
