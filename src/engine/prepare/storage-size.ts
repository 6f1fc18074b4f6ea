import { existsSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { THIS_HOST } from '../../host/probe.ts';
import { type FileSystemFacts, probeFileSystem } from '../../host/probe-file-system.ts';
import { quotaSupport } from '../../storage/quota.ts';
import type { Context } from '../store/context.ts';
import { requireOverlay } from './overlays.ts';

/** Throws `unsupported`, with what is missing, where the size of a container's files cannot be limited. */
export async function requireStorageSize(context: Context): Promise<void> {
  const { helper, paths } = context;
  await requireOverlay(context, "the size of a container's files cannot be limited here");
  const directory = existsSync(paths.containers) ? paths.containers : paths.root;
  const support = await quotaSupport(helper, directory);
  if (support === 'enforced') return;
  if (support === 'not of the kernel')
    throw new EngineError('unsupported', "this kernel cannot limit the size of a container's files", {
      hint: '--storage-opt size takes Linux 5.14 or newer, built with CONFIG_QUOTACTL',
    });
  throw withoutQuotas(directory, probeFileSystem(THIS_HOST, directory));
}

/** Returns the error for a directory whose file system has no project quotas, or was mounted without. */
export function withoutQuotas(directory: string, facts: FileSystemFacts | undefined): EngineError {
  const { type = 'a file system', mountPoint = '/' } = facts ?? {};
  const message = `the size of a container's files cannot be limited: ${type} at ${mountPoint}, where ${directory} lies, has no project quotas`;
  return new EngineError('unsupported', message, { subject: directory, hint: remedyFor(type, mountPoint) });
}

function remedyFor(type: string, mountPoint: string): string {
  if (type === 'xfs')
    return mountPoint === '/'
      ? 'boot with rootflags=pquota'
      : `mount it with the option pquota (umount ${mountPoint}; mount -o pquota ...)`;
  if (type === 'ext4')
    return 'while it is not mounted give it what it needs (tune2fs -O project,quota -Q prjquota DEVICE), then mount it with the option prjquota';
  return 'keep the store on xfs that is mounted with pquota, or on ext4 with the feature project that is mounted with prjquota';
}
