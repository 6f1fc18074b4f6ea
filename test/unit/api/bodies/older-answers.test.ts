import { describe, expect, it } from 'vitest';
import { shownFor as changeFor, type Difference } from '../../../../src/api/bodies/differences.ts';
import {
  CONTAINER,
  DISK_USAGE,
  IMAGE,
  INFO,
  LISTED_CONTAINER,
  LISTED_IMAGE,
  LISTED_NETWORK,
  NETWORK,
} from '../../../../src/api/bodies/older-answers.ts';

type Json = Record<string, unknown>;

function shownFor<Answer extends object>(
  version: number,
  answer: Answer,
  differences: readonly Difference[],
): Answer {
  return JSON.parse(JSON.stringify(changeFor(version, differences)(structuredClone(answer))));
}

/** A way to a member → the first version that shows it as the newest does. */
function boundaries(answer: Json, differences: readonly Difference[]): Record<string, number> {
  const newest = flat(shownFor(51, answer, differences));
  const found: Record<string, number> = {};
  for (let version = 24; version < 51; version += 1) {
    const shown = flat(shownFor(version, answer, differences));
    for (const way of new Set([...newest.keys(), ...shown.keys()]))
      if (newest.get(way) !== shown.get(way)) found[way] = version + 1;
  }
  return found;
}

function flat(value: unknown, way = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return new Map([[way, JSON.stringify(value)]]);
  const members = Object.entries(value).map(([name, member]) => [...flat(member, `${way}.${name}`)]);
  return new Map(members.flat());
}

const ENDPOINT = { Aliases: ['a'], DNSNames: ['n'], GwPriority: 0 };

describe('a container', () => {
  const container = {
    Id: 'abcdef0123456789',
    HostConfig: {
      Annotations: { a: 'b' },
      Mounts: [{ BindOptions: { ReadOnlyNonRecursive: true } }, { VolumeOptions: {} }],
    },
    Config: { Hostname: 'host', Healthcheck: { Test: ['CMD'], StartInterval: 5 } },
    NetworkSettings: { Networks: { bridge: ENDPOINT, net: ENDPOINT } },
    ImageManifestDescriptor: { digest: 'd' },
  };

  it('is shown as each version has it', () => {
    expect(boundaries(container, CONTAINER)).toEqual({
      '.HostConfig.Annotations.a': 43,
      '.HostConfig.KernelMemory': 42,
      '.HostConfig.KernelMemoryTCP': 42,
      '.HostConfig.Mounts': 44,
      '.Config.Healthcheck.StartInterval': 44,
      '.NetworkSettings.Networks.bridge.DNSNames': 44,
      '.NetworkSettings.Networks.bridge.GwPriority': 48,
      '.NetworkSettings.Networks.net.Aliases': 45,
      '.NetworkSettings.Networks.net.DNSNames': 44,
      '.NetworkSettings.Networks.net.GwPriority': 48,
      '.ImageManifestDescriptor.digest': 48,
    });
  });

  it('has its short id among its aliases before 1.45, on networks that somebody made', () => {
    const { NetworkSettings } = shownFor(44, container, CONTAINER);
    expect(NetworkSettings.Networks.net.Aliases).toEqual(['a', 'abcdef012345', 'host']);
    const named = { ...container, Config: { Hostname: 'abcdef012345' } };
    expect(shownFor(44, named, CONTAINER)).toMatchObject({
      NetworkSettings: { Networks: { net: { Aliases: ['a', 'abcdef012345'] } } },
    });
  });

  it('is listed as each version has it', () => {
    const listed = {
      HostConfig: { NetworkMode: 'net', Annotations: { a: 'b' } },
      NetworkSettings: { Networks: { net: ENDPOINT } },
      ImageManifestDescriptor: { digest: 'd' },
    };
    expect(boundaries(listed, LISTED_CONTAINER)).toEqual({
      '.HostConfig.Annotations.a': 46,
      '.NetworkSettings.Networks.net.DNSNames': 44,
      '.NetworkSettings.Networks.net.GwPriority': 48,
      '.ImageManifestDescriptor.digest': 48,
    });
  });
});

describe('an image', () => {
  it('is shown as each version has it', () => {
    const image = { Size: 5, Config: { Cmd: ['a'] }, Descriptor: { size: 1 }, Manifests: [1] };
    expect(boundaries(image, IMAGE)).toEqual({
      '.VirtualSize': 44,
      '.Created': 44,
      '.Container': 45,
      '.Descriptor.size': 48,
      '.Manifests': 48,
      ...Object.fromEntries(
        [
          'Hostname',
          'Domainname',
          'AttachStdin',
          'AttachStdout',
          'AttachStderr',
          'Tty',
          'OpenStdin',
          'StdinOnce',
          'Image',
        ].map((name) => [`.Config.${name}`, 50]),
      ),
    });
    expect(shownFor(43, image, IMAGE)).toMatchObject({ VirtualSize: 5, Created: '0001-01-01T00:00:00Z' });
    expect(shownFor(43, { ...image, Created: '' }, IMAGE)).toMatchObject({ Created: '0001-01-01T00:00:00Z' });
    const dated = shownFor(43, { ...image, Created: '2020-01-01T00:00:00Z' }, IMAGE);
    expect(dated).toMatchObject({ Created: '2020-01-01T00:00:00Z' });
    expect(shownFor(51, image, IMAGE)).toMatchObject({ ContainerConfig: { Cmd: ['a'], Hostname: '' } });
  });

  it('is listed as each version has it', () => {
    const image = {
      RepoTags: ['a:1'],
      RepoDigests: [],
      Size: 5,
      SharedSize: 1,
      Containers: 2,
      Descriptor: 1,
      Manifests: 2,
    };
    expect(boundaries(image, LISTED_IMAGE)).toEqual({
      '.VirtualSize': 44,
      '.SharedSize': 42,
      '.Containers': 51,
      '.Descriptor': 48,
      '.Manifests': 47,
    });
    expect(shownFor(41, image, LISTED_IMAGE)).toMatchObject({
      VirtualSize: 5,
      SharedSize: -1,
      Containers: -1,
    });
  });

  it('without a name has those that versions before 1.43 have for it', () => {
    const nameless = { RepoTags: [], RepoDigests: [] };
    expect(shownFor(43, nameless, LISTED_IMAGE)).toMatchObject(nameless);
    expect(shownFor(42, nameless, LISTED_IMAGE)).toMatchObject({
      RepoTags: ['<none>:<none>'],
      RepoDigests: ['<none>@<none>'],
    });
    expect(shownFor(42, { ...nameless, RepoDigests: ['a@sha256:2'] }, LISTED_IMAGE)).toMatchObject({
      RepoTags: ['<none>:<none>'],
      RepoDigests: ['a@sha256:2'],
    });
    expect(shownFor(42, { ...nameless, RepoTags: ['a:1'] }, LISTED_IMAGE)).toMatchObject({ RepoDigests: [] });
  });
});

it('tells what a store takes as each version has it', () => {
  const usage = {
    LayersSize: 1,
    Images: [{ RepoTags: [], RepoDigests: [], Size: 5, Containers: 2 }],
    Containers: [{ HostConfig: {}, NetworkSettings: { Networks: { net: ENDPOINT } } }],
    Volumes: null,
    BuildCache: [{ Size: 3 }, { Size: 4 }],
  };
  expect(shownFor(41, usage, DISK_USAGE)).toEqual({
    LayersSize: 1,
    Images: [
      { RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'], Size: 5, VirtualSize: 5, Containers: 2 },
    ],
    Containers: [{ HostConfig: {}, NetworkSettings: { Networks: { net: { Aliases: ['a'] } } } }],
    Volumes: null,
    BuildCache: [
      { Size: 3, Parent: '' },
      { Size: 4, Parent: '' },
    ],
    BuilderSize: 7,
  });
  expect(shownFor(51, usage, DISK_USAGE)).toEqual(usage);
  const partly = { ...usage, Images: null, Containers: null, BuildCache: null };
  expect(shownFor(41, partly, DISK_USAGE)).toEqual({ ...partly, BuilderSize: 0 });
});

it('lists the containers of networks only before 1.28', () => {
  const network = { Name: 'a', EnableIPv4: true, Containers: { c: {} } };
  expect(boundaries(network, NETWORK)).toEqual({ '.EnableIPv4': 48 });
  expect(shownFor(27, network, LISTED_NETWORK)).toEqual({ Name: 'a', Containers: { c: {} } });
  expect(shownFor(28, network, LISTED_NETWORK)).toEqual({ Name: 'a', Containers: {} });
});

it('tells of the engine as each version has it', () => {
  const info = {
    SecurityOptions: ['name=seccomp,profile=builtin', 'name=cgroupns'],
    CgroupVersion: '2',
    CDISpecDirs: [],
    RegistryConfig: {},
    FirewallBackend: { Driver: 'nftables' },
    ContainerdCommit: { ID: '' },
    RuncCommit: { ID: '' },
    InitCommit: { ID: '' },
  };
  expect(boundaries(info, INFO)).toEqual({
    '.ExecutionDriver': 25,
    '.SecurityOptions': 25,
    '.KernelMemory': 42,
    '.KernelMemoryTCP': 42,
    '.CDISpecDirs': 44,
    '.RegistryConfig.AllowNondistributableArtifactsCIDRs': 49,
    '.RegistryConfig.AllowNondistributableArtifactsHostnames': 49,
    '.FirewallBackend.Driver': 49,
    '.ContainerdCommit.Expected': 49,
    '.RuncCommit.Expected': 49,
    '.InitCommit.Expected': 49,
    '.BridgeNfIptables': 50,
    '.BridgeNfIp6tables': 50,
  });
  expect(shownFor(24, info, INFO)).toMatchObject({ SecurityOptions: ['seccomp', 'cgroupns'] });
  expect(shownFor(47, info, INFO)).toMatchObject({
    RegistryConfig: { AllowNondistributableArtifactsCIDRs: [] },
  });
  expect(shownFor(48, info, INFO)).toMatchObject({
    RegistryConfig: { AllowNondistributableArtifactsCIDRs: null },
  });
});
