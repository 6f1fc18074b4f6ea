import { createReadStream, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { contextAddress } from '../../build/stages/remote.ts';
import type { CacheSource, CacheTarget } from '../../engine/build/cache-options.ts';
import type { ContextSource } from '../../engine/build/open-context.ts';
import type { BuildOptions, Entitlement, NamedContext } from '../../engine/build/options.ts';
import type { SecretSource } from '../../engine/build/secret.ts';
import type { RlimitOption } from '../../engine/options/create.ts';
import { EngineError } from '../../errors.ts';
import { collectAnnotation } from '../../grammar/annotations.ts';
import {
  collectAgent,
  collectBuildArg,
  collectContext,
  collectPlatforms,
  collectSecret,
  parseBuildVolume,
  parseEntitlement,
  parseEpoch,
  parseShellOnFail,
} from '../../grammar/build.ts';
import { collectCacheSource, collectCacheTarget } from '../../grammar/build-cache.ts';
import { type BuildCall, parseBuildCall } from '../../grammar/build-call.ts';
import { parseBuildOutput, type WantedOutput } from '../../grammar/build-output.ts';
import { collectLabel } from '../../grammar/labels.ts';
import { parseExtraHost } from '../../grammar/names-and-servers.ts';
import { parseUlimit } from '../../grammar/process.ts';
import { parseSize } from '../../grammar/size.ts';
import { listOf, oneOf, switchOf } from '../../grammar/words.ts';
import { userPath } from '../../host/working-directory.ts';
import type { Platform } from '../../oci/platform.ts';
import { environment, usualNetwork } from '../command/settings.ts';
import { givenFlags } from '../options/members.ts';
import { acceptSwitchValues } from '../options/switches.ts';
import type { BuildDisplayKind } from '../output/build-display.ts';
import type { ExplainFormat } from './create.ts';
import { addResourceOptions, resourceOptions } from './resources.ts';

/** The flags of a build. */
export interface BuildFlags {
  addHost?: ReturnType<typeof parseExtraHost>[];
  allow?: Entitlement[];
  annotation?: Record<string, string>;
  buildArg?: Record<string, string>;
  buildContext?: ReadonlyMap<string, NamedContext>;
  /** False with --no-cache. */
  cache: boolean;
  /** What --no-cache-filter names, as commander takes it for the opposite of --cache-filter: true without. */
  cacheFilter: true | string[];
  cacheFrom?: CacheSource[];
  cacheTo?: CacheTarget[];
  call?: BuildCall;
  check?: boolean;
  explain?: ExplainFormat | false;
  file?: string;
  iidfile?: string;
  load?: boolean;
  metadataFile?: string;
  label?: Record<string, string>;
  network?: string;
  output?: WantedOutput[];
  platform?: Platform[];
  progress?: BuildDisplayKind;
  pull?: boolean;
  push?: boolean;
  quiet?: boolean;
  secret?: ReadonlyMap<string, SecretSource>;
  /** True: the shell of the stage; false with --shell-on-fail=false. */
  shellOnFail?: string[] | boolean;
  shmSize?: number;
  volume?: ReturnType<typeof parseBuildVolume>[];
  squash?: boolean;
  ssh?: ReadonlyMap<string, string>;
  tag?: string[];
  target?: string;
  ulimit?: RlimitOption[];
}

/** Adds the options of a build. */
export function addBuildOptions(command: Command): void {
  const own = environment();
  command
    .option(
      '-t, --tag <name>',
      'a name of the image: repository or repository:tag (repeatable)',
      listOf(text),
    )
    .option('-f, --file <file>', 'the Dockerfile, - for standard input; that of the context when absent')
    .option('--target <stage>', 'the stage to build, by its name or number; the last one when absent')
    .option(
      '--build-arg <name[=value]>',
      'the value of an ARG; that of the environment without one (repeatable)',
      collectBuildArg(own),
    )
    .option(
      '--build-context <name=source>',
      'one more context: a directory, docker-image://REFERENCE, or the URL of a file or repository (repeatable)',
      collectContext,
    )
    .option('--label <key[=value]>', 'a label of the image (repeatable)', collectLabel)
    .option(
      '--annotation <key=value>',
      'an annotation of its manifest; manifest:KEY=VALUE says so (repeatable)',
      collectAnnotation,
    )
    .option(
      '--secret <fields>',
      'for RUN --mount=type=secret: id=NAME,src=FILE or id=NAME,env=VARIABLE (repeatable); GIT_AUTH_TOKEN[.HOST] and GIT_AUTH_HEADER[.HOST] are for git repositories over HTTP',
      collectSecret(own),
    )
    .option(
      '--ssh <id[=socket]>',
      'an agent for RUN --mount=type=ssh, as in default (repeatable)',
      collectAgent(own),
    )
    .option('--no-cache', 'do every step anew')
    .option(
      '--no-cache-filter <stages>',
      'do the steps of these stages anew, by name or number (repeatable)',
      collectStages,
    )
    .option(
      '--cache-from <fields>',
      'a cache to ask besides: the name of one, or of an image, in a registry; type=local,src=DIRECTORY (repeatable)',
      collectCacheSource,
    )
    .option(
      '--cache-to <fields>',
      'keep what was built for others: type=registry,ref=NAME|local,dest=DIRECTORY[,mode=max]; type=inline (repeatable)',
      collectCacheTarget,
    )
    .option('--pull', 'fetch the bases also when they are here')
    .option(
      '--platform <os/arch[/variant],...>',
      'what the image is for; this machine when absent; of several it is an index (repeatable)',
      collectPlatforms,
    )
    .option('--network <network>', 'the network of RUN: default, none, host, or one of this store')
    .option('--add-host <name:address>', 'a line of /etc/hosts for RUN (repeatable)', listOf(parseExtraHost))
    .option(
      '--allow <entitlement>',
      'let the file ask for network.host or security.insecure (repeatable)',
      listOf(parseEntitlement),
    )
    .option(
      '-v, --volume <source:path[:options]>',
      'show a file or directory of the host to all RUNs, whatever the cache makes of it, as in ./deps:/deps:ro (repeatable)',
      listOf(parseBuildVolume),
    )
    .option('--ulimit <name=soft[:hard]>', 'limit of the processes of RUN (repeatable)', listOf(parseUlimit))
    .option('--shm-size <size>', 'size of /dev/shm for RUN; 64m when absent', parseSize)
    .option(
      '--shell-on-fail [command]',
      'open a shell where RUN has failed, on this terminal, and end the build with it; that of the stage when absent (COPY has none)',
      parseShellOnFail,
    )
    .option(
      '-o, --output <fields>',
      'what becomes of it: a directory, - for a tar, or type=image|registry|local|tar|oci|docker|cacheonly,dest=PATH; of an image also name=NAME, compression=gzip|zstd|uncompressed, compression-level=N, force-compression=true, oci-mediatypes=false, rewrite-timestamp=true, annotation.KEY=VALUE (repeatable)',
      listOf(parseBuildOutput),
    )
    .option('--squash', 'make one layer of all that the build lays over its base')
    .option('--push', 'push it by its names: --output type=registry')
    .option('--load', 'keep it in this store, beside other outputs: --output type=docker')
    .option('--iidfile <file>', 'write the id of the image there')
    .option('--metadata-file <file>', 'write its id, digest and names there, as JSON')
    .option(
      '--explain [format]',
      'say what this would do, and do nothing; =json: as data',
      switchOf<ExplainFormat>('text', 'json'),
    )
    .option('--check', 'say what the Dockerfile should not have, and build nothing: --call=check')
    .option(
      '--call <method>',
      'build, check, outline (what can be given), or targets (the stages to ask for); METHOD,format=json: as data',
      parseBuildCall,
    )
    .option(
      '--progress <how>',
      'auto, plain, tty, rawjson or quiet',
      oneOf('auto', 'plain', 'tty', 'rawjson', 'quiet'),
    )
    .option('-q, --quiet', 'print the id of the image only');
  addResourceOptions(command);
  acceptSwitchValues(command, { interspersed: true });
}

function collectStages(stages: string, previous: true | string[]): string[] {
  return [...(previous === true ? [] : previous), ...stages.split(',')];
}

function text(value: string): string {
  return value;
}

/** Returns what the engine is asked for. Throws `invalid` for what does not go together. */
export function buildOptions(
  context: string,
  { command, flags }: { command: Command; flags: BuildFlags },
): Omit<BuildOptions, 'progress'> {
  const { cache, cacheFilter, platform, pull, target, label, secret, ssh, allow } = flags;
  const buildArgs = { ...epochOf(environment()), ...flags.buildArg };
  return {
    source: sourceOf(context),
    file: fileOf(context, flags.file),
    contexts: flags.buildContext,
    names: flags.tag ?? [],
    target,
    buildArgs,
    labels: label,
    annotations: flags.annotation,
    platforms: platform,
    pull,
    cacheFrom: flags.cacheFrom,
    cacheTo: flags.cacheTo,
    squash: flags.squash,
    noCache: !cache || (cacheFilter === true ? false : cacheFilter),
    secrets: secret,
    agents: ssh,
    allow,
    latest: parseEpoch(buildArgs['SOURCE_DATE_EPOCH']),
    rewritesTimes: flags.output?.some((output) => 'form' in output && output.rewritesTimes === true),
    steps: {
      network: flags.network ?? usualNetwork(),
      extraHosts: flags.addHost?.flat(),
      resources: resourceOptions(givenFlags(command)),
      mounts: flags.volume,
      rlimits: flags.ulimit,
      shmSize: flags.shmSize === 0 ? undefined : flags.shmSize,
    },
  };
}

function sourceOf(context: string): ContextSource {
  if (context === '-') return { kind: 'stream', name: 'standard input', bytes: standardInput() };
  const path = resolve(userPath(context));
  // A directory that is called like an address is a directory, as with Docker.
  const address = existsSync(path) ? undefined : contextAddress(context);
  return address === undefined ? { kind: 'path', path } : { kind: 'remote', address };
}

/** Throws `invalid` when context and Dockerfile are both to come from standard input. */
function fileOf(context: string, file: string | undefined): BuildOptions['file'] {
  if (file !== '-') return file;
  if (context !== '-') return { bytes: standardInput() };
  throw new EngineError('invalid', 'context and Dockerfile cannot both come from standard input', {
    hint: 'give - alone for a Dockerfile without a context',
  });
}

function standardInput(): AsyncIterable<Uint8Array> {
  return createReadStream('', { fd: 0, autoClose: false });
}

/** As with buildx the variable is an argument, too, for files that say `ARG SOURCE_DATE_EPOCH`. */
function epochOf({ SOURCE_DATE_EPOCH = '' }: Readonly<NodeJS.ProcessEnv>): Record<string, string> {
  return SOURCE_DATE_EPOCH === '' ? {} : { SOURCE_DATE_EPOCH };
}
