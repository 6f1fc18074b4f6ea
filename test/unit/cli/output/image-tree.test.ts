import { expect, it } from 'vitest';
import { renderImageTrees } from '../../../../src/cli/output/image-tree.ts';
import type { TreeBranch } from '../../../../src/engine/images/tree.ts';
import { type Digest, digestOf } from '../../../../src/oci/digest.ts';

const id = `sha256:${'1'.repeat(64)}` as Digest;

function branch(digit: string, member: Partial<TreeBranch['member']>, isInUse = false): TreeBranch {
  const digest = `sha256:${digit.repeat(64)}` as Digest;
  const common = { platform: undefined, isHere: true, imageId: undefined, attests: undefined };
  const own = { descriptor: { mediaType: '', digest, size: 1 }, kind: 'image', ...common } as const;
  return {
    member: { ...own, blobs: new Map(), layers: new Map(), ...member },
    contentSize: 1_060_000,
    diskUsage: 3_040_000,
    isInUse,
  };
}

const arm64 = { os: 'linux', architecture: 'arm64' };
const image = { id, config: '{}', layers: [], size: 1, createdAt: 1 };

it('a tree has the names of an image, below them what its index lists, and what letters mean', () => {
  const trees = [
    {
      names: ['app:1', 'app:latest'],
      image,
      contentSize: 2_000_000,
      diskUsage: 25_500_000,
      isInUse: true,
      branches: [
        branch('2', { platform: { os: 'linux', architecture: 'arm', variant: 'v7' }, isHere: false }),
        branch('3', { platform: arm64 }, true),
        branch('4', { kind: 'attestation', attests: `sha256:${'3'.repeat(64)}` }),
        branch('5', { kind: 'attestation', attests: digestOf('nothing here') }),
        branch('6', { kind: 'other' }),
      ],
    },
    { names: [], image, contentSize: 0, diskUsage: 0, isInUse: false, branches: [] },
  ];
  expect(renderImageTrees(trees)).toBe(`\
IMAGE                           ID             DISK USAGE   CONTENT SIZE   EXTRA
app:1
app:latest                      111111111111       25.5MB            2MB   U
├─ linux/arm/v7                 222222222222       3.04MB         1.06MB   -
├─ linux/arm64                  333333333333       3.04MB         1.06MB   U
├─ attestation of linux/arm64   444444444444       3.04MB         1.06MB
├─ attestation                  555555555555       3.04MB         1.06MB
└─ artifact                     666666666666       3.04MB         1.06MB

<untagged>                      111111111111           0B             0B

U: in use by a container; -: not, or not all of it here
`);
  expect(renderImageTrees([])).toBe('IMAGE   ID   DISK USAGE   CONTENT SIZE   EXTRA\n');
});
