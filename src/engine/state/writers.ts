import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { namesIn } from '../../host/missing.ts';
import { isAlive, ownIdentity } from '../../host/process.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerId, type ContainerRow, containerById, noSuchContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { isIdle } from './status.ts';

/** `writer-PID-STARTTIME` in a container's directory: the command that has its root file system mounted to write in it. */
const MARK = /^writer-(\d+)-(\d+)$/;

/**
 * Notes that this process mounts the root file system of a container that does not run: two mounts of one upper
 * directory at a time are undefined (overlayfs.rst), so nobody starts or removes it until what is returned is called, or
 * this process has ended. Undefined: the container is not idle any more. Only one at a time may ask, under the lock of the
 * container's files.
 */
export function beginWriting(
  context: Context,
  { id, name }: Pick<ContainerRow, 'id' | 'name'>,
): (() => void) | undefined {
  const { pid, startTime } = ownIdentity();
  const mark = join(directoryOf(context, id), `writer-${pid}-${startTime}`);
  return context.database.transaction(() => {
    const current = containerById(context.database, id);
    if (current === undefined) throw noSuchContainer(context.database, name);
    if (!isIdle(context, current)) return undefined;
    for (const dead of marksOf(context, id)) rmSync(join(directoryOf(context, id), dead), { force: true });
    writeFileSync(mark, '', { mode: 0o600 });
    return () => rmSync(mark, { force: true });
  });
}

/** Whether a command writes into the root file system of a container that does not run. Ask in a transaction. */
export function isWritten(context: Context, { id }: Pick<ContainerRow, 'id'>): boolean {
  return marksOf(context, id).some((mark) => {
    const [, pid, startTime] = MARK.exec(mark) ?? [];
    return isAlive({ pid: Number(pid), startTime: Number(startTime) });
  });
}

/** Throws `conflict` when one does. */
export function requireUnwritten(context: Context, row: Pick<ContainerRow, 'id' | 'name'>): void {
  if (!isWritten(context, row)) return;
  throw new EngineError('conflict', `the files of container ${row.name} are in use by another command`, {
    subject: row.name,
    hint: 'try again when that has ended',
  });
}

function directoryOf({ paths }: Context, id: ContainerId): string {
  return containerPaths(paths, id).directory;
}

function marksOf(context: Context, id: ContainerId): string[] {
  return namesIn(directoryOf(context, id)).filter((name) => MARK.test(name));
}
