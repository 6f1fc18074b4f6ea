import { contextAddress } from '../../build/stages/remote.ts';
import type { ContextSource } from '../../engine/build/open-context.ts';
import type { BuildOptions } from '../../engine/build/options.ts';
import type { ResourceOptions, RlimitOption } from '../../engine/options/create.ts';
import { DEFAULT_NETWORK } from '../../engine/options/network.ts';
import { EngineError } from '../../errors.ts';
import { parseExtraHost } from '../../grammar/names-and-servers.ts';
import { parsePlatform } from '../../image/platform.ts';
import { JsonObject } from '../http/json.ts';
import type { Query } from '../http/query.ts';

/** What `remote` is when the client is asked for the files of the build in its session, and when they come by another call. */
export const CLIENT_SESSION = 'client-session';
export const UPLOAD = 'upload-request';

/** Reads the query of Docker's ImageBuild; `body` is the context when there is no other `remote`. Throws `invalid`. */
export function buildOptionsOf(
  query: Query,
  body: AsyncIterable<Uint8Array>,
): Omit<BuildOptions, 'progress' | 'credentials' | 'signal'> {
  const file = query.text('dockerfile');
  const platform = query.text('platform');
  return {
    source: sourceOf(query.text('remote'), body),
    // Clients say the usual name also where the context is a Dockerfile.
    file: file === 'Dockerfile' ? undefined : file,
    names: query.list('t').filter((name) => name !== ''),
    target: query.text('target'),
    buildArgs: textsOf('buildargs', query.json('buildargs')),
    labels: textsOf('labels', query.json('labels')),
    platforms: platform === undefined ? undefined : [parsePlatform(platform)],
    pull: query.flag('pull'),
    noCache: query.flag('nocache'),
    squash: query.flag('squash'),
    cacheFrom: listOf('cachefrom', query.json('cachefrom'))?.map((reference) => ({
      kind: 'registry',
      reference,
      insecure: false,
    })),
    steps: {
      network: networkOf(query.text('networkmode')),
      extraHosts: query.list('extrahosts').flatMap(parseExtraHost),
      resources: resourcesOf(query),
      rlimits: rlimitsOf(query.json('ulimits')),
      shmSize: query.number('shmsize') || undefined,
    },
  };
}

/** A context that comes as an archive; `name` is how messages call it. */
export function contextStream(bytes: AsyncIterable<Uint8Array>, name = 'the context') {
  return { kind: 'stream', name, bytes } as const;
}

/** What comes all at once, for who takes it as it comes. */
export async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function sourceOf(remote: string | undefined, bytes: AsyncIterable<Uint8Array>): ContextSource {
  if (remote === undefined || remote === CLIENT_SESSION || remote === UPLOAD) return contextStream(bytes);
  const address = contextAddress(remote);
  if (address !== undefined) return { kind: 'remote', address };
  throw new EngineError('invalid', `remoteURL (${remote}) could not be recognized as URL`, {
    subject: remote,
    hint: 'remote is a git repository, or the URL of an archive or of a Dockerfile',
  });
}

/** An object of texts; a `null` in it is as good as absent: the client's environment had no such variable. */
function textsOf(name: string, value: unknown): Record<string, string> | undefined {
  if (value === undefined || value === null) return undefined;
  const object = new JsonObject({ [name]: withoutNulls(value) });
  return object.map(name);
}

function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null));
}

function listOf(name: string, value: unknown): string[] | undefined {
  return new JsonObject({ [name]: value }).texts(name);
}

function networkOf(mode: string | undefined): string | undefined {
  if (mode?.startsWith('container:'))
    throw new EngineError('unsupported', `the steps of a build cannot be on the network of a container`, {
      subject: mode,
      hint: 'networkmode is default, none, host, or the name of a network',
    });
  return mode === 'bridge' ? DEFAULT_NETWORK : mode;
}

/** 0 is as good as absent. */
function resourcesOf(query: Query): ResourceOptions {
  return {
    memory: query.number('memory') || undefined,
    memorySwap: query.number('memswap') || undefined,
    cpuShares: query.number('cpushares') || undefined,
    cpuPeriod: query.number('cpuperiod') || undefined,
    cpuQuota: query.number('cpuquota') || undefined,
    cpusetCpus: query.text('cpusetcpus'),
    cpusetMems: query.text('cpusetmems'),
    cgroupParent: query.text('cgroupparent'),
  };
}

function rlimitsOf(value: unknown): RlimitOption[] | undefined {
  return new JsonObject({ ulimits: value }).objects('ulimits')?.map((limit) => ({
    name: limit.text('Name') ?? '',
    soft: limit.number('Soft') ?? 0,
    hard: limit.number('Hard') ?? limit.number('Soft') ?? 0,
  }));
}
