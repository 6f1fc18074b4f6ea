import { describe, expect, it } from 'vitest';
import { withoutQuotas } from '../../../../src/engine/prepare/storage-size.ts';

function refusal(type: string, mountPoint: string) {
  const { kind, message, hint } = withoutQuotas('/srv/skiff/containers', {
    type,
    mountPoint,
    options: ['rw'],
    free: 1,
    total: 2,
  });
  return { kind, message, hint };
}

describe('the refusal of a limit for the files of a container', () => {
  it('names the file system, and where it is', () => {
    expect(refusal('btrfs', '/srv')).toMatchObject({
      kind: 'unsupported',
      message:
        "the size of a container's files cannot be limited: btrfs at /srv, where /srv/skiff/containers lies, has no project quotas",
    });
  });

  it.each([
    ['xfs', '/srv', 'mount -o pquota'],
    ['xfs', '/', 'rootflags=pquota'],
    ['ext4', '/srv', 'tune2fs -O project,quota -Q prjquota'],
    ['tmpfs', '/srv', 'keep the store on xfs'],
  ])('says what is to be done about %s at %s', (type, mountPoint, remedy) => {
    expect(refusal(type, mountPoint).hint).toContain(remedy);
  });
});
