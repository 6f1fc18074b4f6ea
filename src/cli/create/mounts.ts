import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { CreateOptions } from '../../engine/options/create.ts';
import type { MountOptions } from '../../engine/options/mounts.ts';
import { listOf } from '../../grammar/words.ts';
import { addMembers, type GivenFlags, type MemberFlags, membersOf } from '../options/members.ts';

/** As the user wrote them: what reads them is loaded for those who have any. */
interface MountTexts {
  volume: string[];
  mount: string[];
  volumesFrom: string[];
}

const texts = listOf((text) => text);

const FLAGS: MemberFlags<MountTexts> = {
  volume: [
    '-v, --volume <[source:]path[:options]>',
    'show it a file or directory of the host (/data or ./data) or a volume, as in ./site:/srv:ro (repeatable)',
    texts,
  ],
  mount: [
    '--mount <fields>',
    'the same at length, as in type=bind,src=/data,dst=/srv,ro; type is bind, volume, tmpfs or image (repeatable)',
    texts,
  ],
  volumesFrom: ['--volumes-from <container[:ro]>', 'the mounts of another container (repeatable)', texts],
};

/** What of the host, of volumes and of other images it sees. */
export function addMountOptions(command: Command): void {
  addMembers(command.optionsGroup('Files:'), FLAGS);
}

/** Throws `invalid`, as the parsers do. */
export async function mountOptions(
  given: GivenFlags,
): Promise<Pick<CreateOptions, 'mounts' | 'volumesFrom'>> {
  const { volume = [], mount = [], volumesFrom = [] } = membersOf(FLAGS, given);
  if (volume.length + mount.length + volumesFrom.length === 0) return {};
  const { parseVolume, parseVolumesFrom } = await import('../../grammar/mounts.ts');
  return {
    mounts: [...volume.map(parseVolume), ...(await longMounts(mount))],
    ...(volumesFrom.length === 0 ? {} : { volumesFrom: volumesFrom.map(parseVolumesFrom) }),
  };
}

async function longMounts(lines: readonly string[]): Promise<MountOptions[]> {
  if (lines.length === 0) return [];
  const { parseMount } = await import('../../grammar/mount-fields.ts');
  return lines.map(parseMount);
}

/** What is to be said of mounts that can be had, and are hardly what is wanted. */
export async function mountRemarks({ mounts = [] }: CreateOptions): Promise<string[]> {
  if (mounts.every((mount) => mount.type !== 'bind' || existsSync(mount.source))) return [];
  const { sourceRemarks } = await import('../../engine/prepare/source-remarks.ts');
  return sourceRemarks(mounts);
}
