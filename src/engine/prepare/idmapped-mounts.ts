import { renameSync } from 'node:fs';
import { kernelVersion } from '../../host/kernel.ts';
import { readOwnFile, writeOwnFile } from '../../host/own-file.ts';
import { runProgram } from '../../host/run-program.ts';
import type { Context } from '../store/context.ts';

/**
 * Whether the kernel can show this store's layers through the id maps of a container: overlay can since Linux 5.19,
 * the rest is up to the file system. Tried once and kept in the store, for as long as the same kernel runs.
 * Whoever opened the engine may say no.
 */
export async function canMapOwners(context: Context): Promise<boolean> {
  if (context.copiesOwners) return false;
  const { release, major, minor } = kernelVersion();
  const marker = context.paths.idmappedMounts;
  const [knownRelease, answer] = (readOwnFile(marker) ?? '').split(' ');
  if (knownRelease === release) return answer === 'yes';
  const can = (major > 5 || (major === 5 && minor >= 19)) && (await tryMount(context));
  writeOwnFile(`${marker}.${process.pid}`, `${release} ${can ? 'yes' : 'no'}`, 0o600);
  renameSync(`${marker}.${process.pid}`, marker);
  return can;
}

async function tryMount(context: Context): Promise<boolean> {
  const { helper, paths } = context;
  const { decideStorageDriver } = await import('../store/storage-driver.ts');
  await decideStorageDriver(context);
  return (await runProgram(helper, ['probe-idmap', paths.layers])).code === 0;
}
