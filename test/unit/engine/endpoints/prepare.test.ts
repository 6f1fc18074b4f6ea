import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { provideDefaultNetwork } from '../../../../src/engine/endpoints/attachment.ts';
import { connectContainer } from '../../../../src/engine/endpoints/connect.ts';
import { prepareNetworking } from '../../../../src/engine/endpoints/prepare.ts';
import type { CreateOptions } from '../../../../src/engine/options/create.ts';
import { containerById, insertContainer } from '../../../../src/engine/store/containers.ts';
import { allNetworks } from '../../../../src/engine/store/networks.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const room = useContext();

function options(network: CreateOptions['network']): CreateOptions {
  return { ...containerRow().options, namespaces: { network: 'networks' }, network };
}

const names = (): string[] => allNetworks(room.context.database).map(({ definition }) => definition.name);

const prepare = () =>
  prepareNetworking(room.context, options(undefined), { config: {} } as Parameters<
    typeof prepareNetworking
  >[2]);

describe('the default network', () => {
  it('is not made by preparing a container, which writes nothing', async () => {
    await expect(prepare()).rejects.toMatchObject({ kind: 'notFound' });
    expect(names()).toEqual([]);
  });

  it('is made before, once, for those that are to be on it', async () => {
    await provideDefaultNetwork(room.context, [{ network: 'front' }]);
    expect(names()).toEqual([]);
    await Promise.all([1, 2].map(() => provideDefaultNetwork(room.context, [{ network: 'bridge' }])));
    expect(names()).toEqual(['bridge']);
    expect((await prepare())?.attachments.map(({ network }) => network.definition.name)).toEqual(['bridge']);
  });

  it('is made for a container that is connected to it, too', async () => {
    const row = containerRow({ started: false, options: options({ attachments: [] }) });
    insertContainer(room.context.database, row, () => false);
    mkdirSync(join(room.context.paths.containers, ID), { recursive: true });
    await connectContainer(room.context, 'name', { network: 'bridge' });
    const attachments = containerById(room.context.database, ID)?.options.network?.attachments;
    expect(attachments).toEqual([{ network: allNetworks(room.context.database)[0]?.definition.id }]);
  });
});
