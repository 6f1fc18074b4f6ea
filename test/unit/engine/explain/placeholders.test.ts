import { expect, it } from 'vitest';
import { withoutRandom } from '../../../../src/engine/explain/placeholders.ts';
import type { MountOptions } from '../../../../src/engine/options/mounts.ts';
import type { LeasedContainer } from '../../../../src/engine/prepare/container.ts';
import { containerRow, ID } from '../fixtures.ts';

/** A container to be with these mounts. */
function leased(...mounts: MountOptions[]): Pick<LeasedContainer, 'id' | 'options'> {
  return { id: ID, options: { ...containerRow().options, mounts } };
}

it('names what is made up for each container by placeholders, wherever it is', () => {
  const [anonymous, inherited] = ['a'.repeat(64), 'b'.repeat(64)];
  const value = {
    path: `/store/containers/${ID}/hosts`,
    hosts: `172.17.0.2\t${ID.slice(0, 12)}\n`,
    link: `sk${ID.slice(0, 10)}-0`,
    volumes: [`/store/volumes/${anonymous}`, `/store/volumes/${inherited}`],
    number: 7,
  };
  const volume = { type: 'volume', anonymous: true } as const;
  const container = leased(
    { ...volume, target: '/one', name: anonymous },
    { ...volume, target: '/two', name: inherited, asked: 'from' },
  );
  expect(withoutRandom(value, container)).toEqual({
    path: '/store/containers/<id>/hosts',
    hosts: '172.17.0.2\t<short-id>\n',
    link: 'sk<short-id>-0',
    volumes: ['/store/volumes/<volume>', `/store/volumes/${inherited}`],
    number: 7,
  });
});
