import { afterEach, describe, expect, it, vi } from 'vitest';
import { engineSettings, publishAddress, usualNetwork } from '../../../../src/cli/command/settings.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

function environmentOf(variables: Record<string, string>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(`SKIFF_${name}`, value);
}

const NAMES = [
  'ROOT',
  'NETWORK',
  'INSECURE_REGISTRIES',
  'PUBLISH_ADDRESS',
  'ADDRESS_POOLS',
  'IDMAP',
  'STORAGE',
];

describe('what the environment says', () => {
  it('is nothing where it is empty', async () => {
    environmentOf(Object.fromEntries(NAMES.map((name) => [name, ''])));
    expect(usualNetwork()).toBeUndefined();
    expect(await engineSettings()).toEqual({
      root: undefined,
      environment: process.env,
      insecureRegistries: [],
      publishAddress: undefined,
      addressPools: undefined,
      copiesOwners: false,
    });
  });

  it('is what an engine is opened with', async () => {
    environmentOf({
      ROOT: '/srv/skiff',
      INSECURE_REGISTRIES: 'localhost:5000, ,10.0.0.0/8',
      PUBLISH_ADDRESS: '127.0.0.1',
      ADDRESS_POOLS: 'base=10.99.0.0/24,size=24',
      IDMAP: 'copy',
      STORAGE: 'copy',
    });
    expect(await engineSettings()).toEqual({
      root: '/srv/skiff',
      environment: process.env,
      insecureRegistries: ['localhost:5000', '10.0.0.0/8'],
      publishAddress: '127.0.0.1',
      addressPools: 'base=10.99.0.0/24,size=24',
      copiesOwners: true,
      storage: 'copy',
    });
  });

  it('is the network of new containers', () => {
    environmentOf({ NETWORK: 'front' });
    expect(usualNetwork()).toBe('front');
  });

  it.each(['vfs', 'Copy', ' overlay'])('is refused as a storage driver: "%s"', async (text) => {
    environmentOf({ STORAGE: text });
    await expect(engineSettings()).rejects.toMatchObject({
      kind: 'invalid',
      message: `SKIFF_STORAGE is neither overlay nor copy: "${text}"`,
    });
  });

  it.each(['localhost', ' 127.0.0.1'])('is refused as an address of published ports: "%s"', async (text) => {
    environmentOf({ PUBLISH_ADDRESS: text });
    const refused = { kind: 'invalid', message: `invalid address in SKIFF_PUBLISH_ADDRESS: "${text}"` };
    await expect(publishAddress()).rejects.toMatchObject(refused);
    await expect(engineSettings()).rejects.toMatchObject(refused);
  });
});
