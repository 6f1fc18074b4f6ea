import { createReadStream, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { isRemote } from '../../../build/context/remote.ts';
import type { BuiltImage } from '../../../engine/build/build-image.ts';
import type { CheckedDockerfile } from '../../../engine/build/checked.ts';
import type { ContextSource } from '../../../engine/build/open-context.ts';
import type { BuildOptions, Entitlement, NamedContext, SecretSource } from '../../../engine/build/options.ts';
import type { RlimitOption } from '../../../engine/options/create.ts';
import { EngineError } from '../../../errors.ts';
import { userPath } from '../../../host/working-directory.ts';
import { parsePlatform } from '../../../image/platform.ts';
import { formatReference, parseReference } from '../../../image/reference.ts';
import type { Platform } from '../../../oci/platform.ts';
import { answerBuildCall, explainBuild } from '../../command/build-call.ts';
import { exitCodeOf } from '../../command/exit-code.ts';
import { interruptible } from '../../command/interruptible.ts';
import { pushWithProgress } from '../../command/push-with-progress.ts';
import type { Session } from '../../command/session.ts';
import { environment, usualNetwork } from '../../command/settings.ts';
import type { ExplainFormat } from '../../create/create.ts';
import { addResourceOptions, resourceOptions } from '../../create/resources.ts';
import { givenFlags } from '../../options/members.ts';
import { acceptSwitchValues } from '../../options/switches.ts';
import { renderWarnings } from '../../output/build-check.ts';
import { type BuildDisplayKind, buildDisplay } from '../../output/build-display.ts';
import { withOutputs } from '../../output/build-outputs.ts';
import { print, printError } from '../../output/print.ts';
import { tell } from '../../output/tell.ts';
import {
  collectAgent,
  collectBuildArg,
  collectContext,
  collectSecret,
  parseEntitlement,
} from '../../parse/build.ts';
import { type BuildCall, parseBuildCall } from '../../parse/build-call.ts';
import { parseBuildOutput, type WantedOutput } from '../../parse/build-output.ts';
import { collectLabel } from '../../parse/labels.ts';
import { parseExtraHost } from '../../parse/names-and-servers.ts';
import { parseUlimit } from '../../parse/process.ts';
import { parseSize } from '../../parse/size.ts';
import { listOf, oneOf, switchOf } from '../../parse/words.ts';

interface Flags {
  addHost?: ReturnType<typeof parseExtraHost>[];
  allow?: Entitlement[];
  buildArg?: Record<string, string>;
  buildContext?: ReadonlyMap<string, NamedContext>;
  /** False with --no-cache. */
  cache: boolean;
  /** What --no-cache-filter names, as commander takes it for the opposite of --cache-filter: true without. */
  cacheFilter: true | string[];
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
  platform?: Platform;
  progress?: BuildDisplayKind;
  pull?: boolean;
  push?: boolean;
  quiet?: boolean;
  secret?: ReadonlyMap<string, SecretSource>;
  shmSize?: number;
  ssh?: ReadonlyMap<string, string>;
  tag?: string[];
  target?: string;
  ulimit?: RlimitOption[];
}

const EXAMPLES = `
Examples:
  skiff build -t team/app .                           the Dockerfile of this directory
  skiff build -f build/Dockerfile --target test .     another file, and one of its stages
  skiff build --build-arg VERSION=1.2 -t app:1.2 .
  skiff build --secret id=token,src=token.txt .       RUN --mount=type=secret,id=token sees it, the image does not
  skiff build --no-cache --pull -t app .              everything anew, on the newest base
  skiff build -o out .                                the files of the last stage, in a directory
  skiff build https://example.com/team/app.git#v2:web  a repository, one of its tags, and a directory in it
  skiff build --explain .                             which steps come from the cache, and why the others do not
  skiff build --check .                               what BuildKit's checks find, and practices; 1 when the former do`;

export function define(command: Command, session: () => Session): void {
  const own = environment();
  command
    .argument(
      '<context>',
      'whose files may be copied: a directory, an archive of one, a git repository, a URL; - for standard input',
    )
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
      'one more context: a directory, or docker-image://REFERENCE (repeatable)',
      collectContext,
    )
    .option('--label <key[=value]>', 'a label of the image (repeatable)', collectLabel)
    .option(
      '--secret <fields>',
      'for RUN --mount=type=secret: id=NAME,src=FILE or id=NAME,env=VARIABLE (repeatable)',
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
    .option('--pull', 'fetch the bases also when they are here')
    .option(
      '--platform <os/arch[/variant]>',
      'what the image is for; this machine when absent',
      parsePlatform,
    )
    .option('--network <network>', 'the network of RUN: default, none, host, or one of this store')
    .option('--add-host <name:address>', 'a line of /etc/hosts for RUN (repeatable)', listOf(parseExtraHost))
    .option(
      '--allow <entitlement>',
      'let the file ask for network.host or security.insecure (repeatable)',
      listOf(parseEntitlement),
    )
    .option('--ulimit <name=soft[:hard]>', 'limit of the processes of RUN (repeatable)', listOf(parseUlimit))
    .option('--shm-size <size>', 'size of /dev/shm for RUN; 64m when absent', parseSize)
    .option(
      '-o, --output <fields>',
      'what becomes of it: a directory, - for a tar, or type=image|registry|local|tar|oci|docker,dest=PATH (repeatable)',
      listOf(parseBuildOutput),
    )
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
      'build, check, or targets (the stages to ask for); METHOD,format=json: as data',
      parseBuildCall,
    )
    .option(
      '--progress <how>',
      'auto, plain, tty, rawjson or quiet',
      oneOf('auto', 'plain', 'tty', 'rawjson', 'quiet'),
    )
    .option('-q, --quiet', 'print the id of the image only')
    .addHelpText('after', EXAMPLES)
    .action((context: string, flags: Flags) => call(session(), context, { command, flags }));
  addResourceOptions(command);
  acceptSwitchValues(command, { interspersed: true });
}

function collectStages(stages: string, previous: true | string[]): string[] {
  return [...(previous === true ? [] : previous), ...stages.split(',')];
}

function text(value: string): string {
  return value;
}

/** Builds, or does what is asked for instead. */
async function call(
  session: Session,
  context: string,
  { command, flags }: { command: Command; flags: Flags },
): Promise<void> {
  const { check, explain, call = parseBuildCall(check === true ? 'check' : 'build') } = flags;
  if (call.method === 'build' && !explain) return await build(session, context, { command, flags });
  if (explain && call.method !== 'build')
    throw new EngineError('invalid', `a build is explained, not its ${call.method}`, {
      hint: 'give --explain or --call, not both',
    });
  const options = optionsOf(context, { command, flags });
  try {
    if (explain) return await explainBuild(session, options, explain);
    const error = await answerBuildCall(session, options, call);
    if (error !== undefined) printFailure(error);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    printFailure(error);
  }
}

async function build(
  session: Session,
  context: string,
  { command, flags }: { command: Command; flags: Flags },
): Promise<void> {
  const isQuiet = flags.quiet === true || flags.progress === 'quiet';
  const wanted = outputsOf(flags);
  const display = buildDisplay(isQuiet ? 'quiet' : (flags.progress ?? progressOf(environment())));
  const { builder } = await session.engine();
  let built: BuiltImage | undefined;
  let checked: CheckedDockerfile | undefined;
  const tellChecked = (): void => {
    if (checked !== undefined && !isQuiet)
      printError(renderWarnings(checked, { debug: session.globals.debug === true }));
  };
  try {
    const onChecked = (found: CheckedDockerfile): void => {
      checked = found;
    };
    const options = { ...optionsOf(context, { command, flags }), progress: display, onChecked };
    built = await interruptible((signal) =>
      withOutputs(wanted, (outputs) => builder.build({ ...options, outputs, signal })),
    );
  } catch (error) {
    display.close();
    tellChecked();
    if (!(error instanceof EngineError)) throw error;
    return printFailure(error);
  }
  display.close();
  tellChecked();
  if (wanted.some((output) => output.type === 'image' && output.push))
    for (const name of flags.tag ?? [])
      await pushWithProgress(session, name, { allTags: false, quiet: isQuiet });
  if (built !== undefined) tellImage(built, flags, isQuiet);
}

function tellImage(
  { id, digest }: BuiltImage,
  { iidfile, metadataFile, tag }: Flags,
  isQuiet: boolean,
): void {
  if (iidfile !== undefined) writeFileSync(userPath(iidfile), id);
  if (metadataFile !== undefined) {
    const names = (tag ?? []).map((name) => formatReference(parseReference(name)));
    const metadata = {
      'containerimage.config.digest': id,
      'containerimage.digest': digest,
      ...(names.length === 0 ? {} : { 'image.name': names.join(',') }),
    };
    writeFileSync(userPath(metadataFile), `${JSON.stringify(metadata, undefined, 2)}\n`);
  }
  if (isQuiet) print(`${id}\n`);
}

/** Throws `invalid` for a push of what has no name. */
function outputsOf({ output = [], push, load, tag }: Flags): WantedOutput[] {
  const image: WantedOutput = { type: 'image', push: push === true };
  const isImage = output.length === 0 || push === true || load === true;
  const wanted = [...output, ...(isImage ? [image] : [])];
  const isPushed = wanted.some((each) => each.type === 'image' && each.push);
  if (!isPushed || (tag ?? []).length > 0) return wanted;
  throw new EngineError('invalid', 'an image without a name cannot be pushed', {
    hint: 'name it, and its registry, with -t',
  });
}

/** `BUILDKIT_PROGRESS`, as Docker has it. */
function progressOf(own: Readonly<NodeJS.ProcessEnv>): BuildDisplayKind {
  const known = ['plain', 'tty', 'rawjson', 'quiet'] as const;
  return known.find((kind) => kind === own['BUILDKIT_PROGRESS']) ?? 'auto';
}

/** In several lines, as those of the Dockerfile may be among them. As with Docker the exit code is 1. */
function printFailure(error: EngineError): void {
  tell(`skiff: ${error.message}`, { lines: true });
  if (error.hint !== undefined) tell(`hint: ${error.hint}`);
  process.exitCode = error.kind === 'cancelled' ? exitCodeOf(error) : 1;
}

function optionsOf(
  context: string,
  { command, flags }: { command: Command; flags: Flags },
): Omit<BuildOptions, 'progress'> {
  const { cache, cacheFilter, platform, pull, target, label, secret, ssh, allow } = flags;
  const epoch = environment()['SOURCE_DATE_EPOCH'];
  return {
    source: sourceOf(context),
    file: fileOf(context, flags.file),
    contexts: flags.buildContext,
    names: flags.tag ?? [],
    target,
    buildArgs: flags.buildArg ?? {},
    labels: label,
    platform,
    pull,
    noCache: !cache || (cacheFilter === true ? false : cacheFilter),
    secrets: secret,
    agents: ssh,
    allow,
    latest: epoch === undefined || epoch === '' ? undefined : latestOf(epoch),
    steps: {
      network: flags.network ?? usualNetwork(),
      extraHosts: flags.addHost?.flat(),
      resources: resourceOptions(givenFlags(command)),
      rlimits: flags.ulimit,
      shmSize: flags.shmSize === 0 ? undefined : flags.shmSize,
    },
  };
}

function sourceOf(context: string): ContextSource {
  if (context === '-') return { kind: 'stream', name: 'standard input', bytes: standardInput() };
  if (isRemote(context)) return { kind: 'remote', address: context };
  return { kind: 'path', path: resolve(userPath(context)) };
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

function latestOf(epoch: string): number {
  if (/^\d{1,12}$/.test(epoch)) return Number(epoch);
  throw new EngineError('invalid', `SOURCE_DATE_EPOCH is no number of seconds: "${epoch}"`, {
    subject: epoch,
  });
}
