import { contextAddress } from '../../build/stages/remote.ts';
import type { BuildOptions } from '../../engine/build/options.ts';
import { EngineError } from '../../errors.ts';
import { parseEpoch } from '../../grammar/build.ts';
import { parseExtraHost } from '../../grammar/names-and-servers.ts';
import { parseUlimit } from '../../grammar/process.ts';
import { parsePlatform } from '../../image/platform.ts';
import type { FrontendRequest } from './solve.ts';

/** Where the client has put what came on its standard input, to be fetched by its session. */
const UPLOADED = 'http://buildkit-session/';

/** Attributes that mean nothing here, or what is done anyway. */
const HARMLESS = new Set([
  'frontend.caps',
  'multi-platform',
  'cmdline',
  'source',
  'cache-imports',
  'build-name',
]);
const HARMLESS_PREFIXES = ['vcs:', 'local-sessionid:', 'input-metadata:'];

/** Where the files of a build come from. */
export type WantedContext =
  /** The client's, by its session. */
  | { kind: 'client' }
  /** An archive, or a Dockerfile, by a call of this path to the client. */
  | { kind: 'uploaded'; path: string }
  | { kind: 'remote'; address: string };

/** A directory of the client's. */
export interface ClientDirectory {
  name: string;
  /** The session that has it; absent: that of the build. */
  session: string | undefined;
}

/** What stands in for a name of the Dockerfile. */
export type WantedNamedContext =
  | { kind: 'client'; directory: ClientDirectory }
  | { kind: 'image'; reference: string }
  | { kind: 'remote'; address: string };

/** What a Dockerfile's frontend is asked for. */
export interface WantedBuild {
  context: WantedContext;
  directories: {
    context: ClientDirectory;
    /** Of the Dockerfile; absent: the usual one, where the context is the client's. */
    dockerfile: ClientDirectory | undefined;
  };
  /** The Dockerfile's name; absent: the usual one. */
  file: string | undefined;
  /** By their names, in lower case. */
  contexts: ReadonlyMap<string, WantedNamedContext>;
  options: Pick<
    BuildOptions,
    'target' | 'buildArgs' | 'latest' | 'labels' | 'platforms' | 'pull' | 'noCache' | 'steps'
  >;
}

/**
 * Reads the attributes of BuildKit's Dockerfile frontend (buildkit, frontend/dockerui/config.go). Throws `unsupported` for those
 * of others and what skiff has not, `invalid` for values that are none.
 */
export function wantedBuild({ frontend, attributes }: FrontendRequest): WantedBuild {
  if (frontend !== 'dockerfile.v0')
    throw new EngineError('unsupported', `there is no frontend ${frontend}`, {
      subject: frontend,
      hint: 'Dockerfiles are understood without one: leave BUILDKIT_SYNTAX out',
    });
  const left = new Map(attributes);
  const take = (name: string): string | undefined => {
    const value = left.get(name);
    left.delete(name);
    return value === '' ? undefined : value;
  };
  const noCache = left.get('no-cache');
  left.delete('no-cache');
  const buildArgs = withPrefix(left, 'build-arg:');
  const directory = (name: string): ClientDirectory => ({ name, session: take(`local-sessionid:${name}`) });
  const dockerfile = take('dockerfilekey');
  const wanted: WantedBuild = {
    context: contextOf(take('context')),
    directories: {
      context: directory(take('contextkey') ?? 'context'),
      dockerfile: dockerfile === undefined ? undefined : directory(dockerfile),
    },
    file: take('filename'),
    contexts: namedContexts(withPrefix(left, 'context:'), directory),
    options: {
      target: take('target'),
      buildArgs,
      latest: parseEpoch(buildArgs['SOURCE_DATE_EPOCH']),
      labels: withPrefix(left, 'label:'),
      platforms: take('platform')?.split(',').map(parsePlatform),
      pull: take('image-resolve-mode') === 'pull',
      noCache: noCache === undefined ? undefined : noCache === '' ? true : noCache.split(','),
      steps: {
        network: take('force-network-mode'),
        extraHosts: listOf(take('add-hosts')).flatMap((host) => parseExtraHost(host.replace('=', ':'))),
        rlimits: listOf(take('ulimit')).map(parseUlimit),
        shmSize: sizeOf(take('shm-size')),
        resources: { cgroupParent: take('cgroup-parent') },
      },
    },
  };
  for (const [name, value] of left) requireHarmless(name, value);
  return wanted;
}

function contextOf(context: string | undefined): WantedContext {
  if (context === undefined) return { kind: 'client' };
  if (context.startsWith(UPLOADED)) return { kind: 'uploaded', path: context.slice(UPLOADED.length) };
  const address = contextAddress(context);
  if (address !== undefined) return { kind: 'remote', address };
  throw new EngineError('unsupported', `${context} cannot be the context of a build`, { subject: context });
}

const IMAGE = 'docker-image://';
const DIRECTORY = 'local:';

function namedContexts(
  named: Readonly<Record<string, string>>,
  directory: (name: string) => ClientDirectory,
): ReadonlyMap<string, WantedNamedContext> {
  return new Map(
    Object.entries(named).map(([name, value]) => [name.toLowerCase(), namedContext(name, value, directory)]),
  );
}

function namedContext(
  name: string,
  value: string,
  directory: (name: string) => ClientDirectory,
): WantedNamedContext {
  const address = contextAddress(value);
  if (name.includes('::'))
    throw new EngineError('unsupported', `the context ${name} cannot be for one platform`, { subject: name });
  if (value.startsWith(IMAGE)) return { kind: 'image', reference: value.slice(IMAGE.length) };
  if (value.startsWith(DIRECTORY))
    return { kind: 'client', directory: directory(value.slice(DIRECTORY.length)) };
  if (address !== undefined) return { kind: 'remote', address };
  throw new EngineError('unsupported', `the context ${name} cannot be ${value}`, {
    subject: value,
    hint: "it is a directory, an image, a URL or a git repository: another build's result is to be an image first",
  });
}

/** Takes all that begin with a word, by what comes after it. */
function withPrefix(left: Map<string, string>, prefix: string): Record<string, string> {
  const found = [...left].filter(([name]) => name.startsWith(prefix));
  for (const [name] of found) left.delete(name);
  return Object.fromEntries(found.map(([name, value]) => [name.slice(prefix.length), value]));
}

function listOf(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(',');
}

function sizeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = Number(text);
  if (Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  throw new EngineError('invalid', `"${text}" is no size in bytes`, { subject: text });
}

function requireHarmless(name: string, value: string): void {
  if (HARMLESS.has(name) || HARMLESS_PREFIXES.some((prefix) => name.startsWith(prefix))) return;
  // What clients ask for by themselves: only where it costs nothing.
  if (name.startsWith('attest:') && (value.includes('inline-only=true') || value.includes('disabled=true')))
    return;
  throw new EngineError('unsupported', `builds have no ${name} here: ${value}`, {
    subject: name,
  });
}
