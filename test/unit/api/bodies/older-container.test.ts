import { describe, expect, it } from 'vitest';
import { createOptionsOf } from '../../../../src/api/bodies/container.ts';
import { createWarnings } from '../../../../src/api/bodies/older-container.ts';
import { JsonObject } from '../../../../src/api/http/json.ts';

const read = (version: number, config: object) =>
  createOptionsOf(new JsonObject({ Image: 'i', ...config }), {
    name: undefined,
    platform: 'linux/amd64',
    version,
  });
const mountOf = (version: number, mount: object) =>
  read(version, { HostConfig: { Mounts: [{ Target: '/t', ...mount }] } }).mounts?.[0];
const bind = (BindOptions: object) => ({ Type: 'bind', Source: '/s', ReadOnly: true, BindOptions });

const MAC = '02:42:ac:11:00:02';
const onNetwork = (endpoint: object, config = {}) => ({
  ...config,
  HostConfig: { NetworkMode: 'n' },
  NetworkingConfig: { EndpointsConfig: { n: endpoint } },
});

describe('a request of an older version of the API', () => {
  it.each<[number, string, object]>([
    [24, 'autoRemove', { HostConfig: { AutoRemove: true } }],
    [40, 'platform', {}],
    [42, 'annotations', { HostConfig: { Annotations: { a: 'b' } } }],
  ])('has, in 1.%i, nothing of %s, which came with the next', (version, member, config) => {
    const options = (each: number) => read(each, config) as unknown as Record<string, unknown>;
    expect(options(version)[member] || undefined).toBeUndefined();
    expect(options(version + 1)[member]).toBeTruthy();
  });

  it('shares its IPC namespace before 1.40, if it says nothing else', () => {
    expect(read(39, {}).namespaces.ipc).toBe('shareable');
    expect(read(39, { HostConfig: { IpcMode: 'private' } }).namespaces.ipc).toBe('private');
    expect(read(40, {}).namespaces.ipc).toBeUndefined();
  });

  it('has the interval of the start of health checks from 1.44 on', () => {
    const config = { Healthcheck: { Test: ['CMD', 'true'], StartInterval: 5_000_000 } };
    expect([43, 44].map((version) => read(version, config).health?.startIntervalMs)).toEqual([undefined, 5]);
  });

  it('makes the source of a bind mount from 1.42 on, and that of Binds always', () => {
    const mount = bind({ CreateMountpoint: true });
    expect([41, 42].map((version) => mountOf(version, mount))).toEqual([
      expect.objectContaining({ createSource: undefined }),
      expect.objectContaining({ createSource: true }),
    ]);
    expect(read(24, { HostConfig: { Binds: ['/a:/b'] } }).mounts).toMatchObject([{ createSource: true }]);
  });

  it('has read-only binds whose mounts below stay writable before 1.44', () => {
    expect([43, 44].map((version) => mountOf(version, bind({})))).toEqual([
      expect.objectContaining({ recursive: 'writable' }),
      expect.not.objectContaining({ recursive: expect.anything() }),
    ]);
    expect(mountOf(39, bind({ NonRecursive: true }))).toMatchObject({ recursive: 'writable' });
    expect(mountOf(40, bind({ NonRecursive: true }))).toMatchObject({ recursive: 'disabled' });
  });

  it.each<[number, object, string]>([
    [43, bind({ ReadOnlyForceRecursive: true }), 'read-only in depth needs version 1.44'],
    [44, { Type: 'volume', Source: 'v', VolumeOptions: { Subpath: 'a' } }, 'a volume needs version 1.45'],
  ])('is refused in 1.%i when without %j it would be another thing', (version, mount, message) => {
    expect(() => mountOf(version, mount)).toThrow(message);
    expect(() => mountOf(version + 1, mount)).not.toThrow();
  });

  it('has one network before 1.44, on which a MAC address is what was told, and not asked for', () => {
    const several = { NetworkingConfig: { EndpointsConfig: { a: {}, b: {} } } };
    expect(() => read(43, several)).toThrow('a container on several networks needs version 1.44');
    const macs = [43, 44].map(
      (version) => read(version, onNetwork({ MacAddress: MAC })).network?.attachments[0]?.mac,
    );
    expect(macs).toEqual([undefined, MAC]);
  });
});

describe('a MAC address of a whole container', () => {
  const config = { MacAddress: MAC.toUpperCase() };

  it.each([43, 51])('is that on its network in 1.%i', (version) => {
    for (const endpoint of [{}, { MacAddress: MAC }])
      expect(read(version, onNetwork(endpoint, config)).network?.attachments).toMatchObject([
        { network: 'n', mac: MAC },
      ]);
  });

  it('is no other than the one on its network', () => {
    const other = onNetwork({ MacAddress: '02:42:ac:11:00:03' }, config);
    expect(() => read(44, other)).toThrow('MacAddress: on network n it is to be 02:42:ac:11:00:03');
    expect(read(43, other).network?.attachments).toMatchObject([{ mac: MAC }]);
  });

  it('is told to a container without networks, which the engine refuses', () => {
    const HostConfig = { NetworkMode: 'none' };
    const asked = { attachments: [{ network: 'none', mac: MAC }] };
    expect(read(51, { ...config, HostConfig }).network).toEqual(asked);
    const EndpointsConfig = { none: { Aliases: [], DriverOpts: {}, NetworkID: 'x' } };
    expect(read(51, { HostConfig, NetworkingConfig: { EndpointsConfig } }).network).toBeUndefined();
  });

  it('is warned of since 1.44', () => {
    const warnings = (version: number, body: object) => createWarnings(version, new JsonObject(body));
    expect(warnings(44, config)).toEqual([expect.stringContaining('container-wide MacAddress')]);
    expect([warnings(43, config), warnings(51, { MacAddress: '' })]).toEqual([[], []]);
  });
});
