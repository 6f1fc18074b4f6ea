import type { Command } from 'commander';
import type { FileOptions } from '../../engine/options/create.ts';
import { parseSize } from '../../grammar/size.ts';
import { parseStorageOption } from '../../grammar/storage-option.ts';
import { addMembers, type GivenFlags, type MemberFlags, membersOf } from '../options/members.ts';

type Tmpfs = NonNullable<FileOptions['tmpfs']>;

const FLAGS: MemberFlags<FileOptions> = {
  readOnly: ['--read-only', 'mount its root file system read-only'],
  readOnlyTmpfs: [
    '--read-only-tmpfs',
    'with --read-only: /tmp, /run and /var/tmp are writable, in memory; Podman has that by default',
  ],
  tmpfs: [
    '--tmpfs <path[:options]>',
    'a file system in memory, as in /run:size=64m (repeatable)',
    collectTmpfs,
  ],
  storageSize: [
    '--storage-opt <key=value>',
    'size=10g: what it changes in its root file system takes no more (where the store has project quotas)',
    parseStorageOption,
  ],
  // As with Docker a size of 0 is the default.
  shmSize: ['--shm-size <size>', 'size of /dev/shm; 64m when absent', (text) => parseSize(text) || undefined],
};

/** Adds the options for the files that a container sees besides its image. */
export function addFileOptions(command: Command): void {
  addMembers(command.optionsGroup('Files:'), FLAGS);
}

export function fileOptions(given: GivenFlags): FileOptions {
  return membersOf(FLAGS, given);
}

/** `PATH[:OPTION,…]`; the last one for a path wins, as with Docker. What a tmpfs can be is the runtime's to say. */
function collectTmpfs(text: string, previous: Tmpfs = []): Tmpfs {
  const [path = '', ...options] = text.split(':');
  const others = previous.filter((other) => other.path !== path);
  return [...others, { path, options: options.length > 0 ? options.join(':').split(',') : [] }];
}
