import { describe, expect, it } from 'vitest';
import { createNetwork } from '../../../../src/engine/networks/create.ts';
import { allNetworks } from '../../../../src/engine/store/networks.ts';
import { useContext } from '../fixtures.ts';

const room = useContext();

describe('a network', () => {
  it.each([
    ['overlay', 'there is no network driver overlay'],
    ['', 'there is no network driver ""'],
  ])('of the driver "%s" is not made', async (driver, message) => {
    await expect(createNetwork(room.context, { name: 'front', driver })).rejects.toMatchObject({
      kind: 'unsupported',
      message,
      hint: 'the drivers are bridge and macvlan; host and none are networks that exist already',
    });
    expect(allNetworks(room.context.database)).toEqual([]);
  });

  it.each(['bridge', 'host', 'none', 'default'])('is not called %s, which is there already', async (name) => {
    await expect(createNetwork(room.context, { name })).rejects.toMatchObject({
      kind: 'denied',
      message: `network ${name} is predefined`,
    });
  });
});
