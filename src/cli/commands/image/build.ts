import type { Command } from 'commander';
import type { CheckedDockerfile } from '../../../engine/build/checked.ts';
import type { BuiltImage } from '../../../engine/build/export.ts';
import type { BuildOptions } from '../../../engine/build/options.ts';
import { EngineError } from '../../../errors.ts';
import { parseBuildCall } from '../../../grammar/build-call.ts';
import type { WantedOutput } from '../../../grammar/build-output.ts';
import { userPath } from '../../../host/working-directory.ts';
import { answerBuildCall, explainBuild } from '../../command/build-call.ts';
import { exitCodeOf } from '../../command/exit-code.ts';
import { interruptible } from '../../command/interruptible.ts';
import { pushWithProgress } from '../../command/push-with-progress.ts';
import type { Session } from '../../command/session.ts';
import { environment } from '../../command/settings.ts';
import { pushedNames, wantedOutputs } from '../../command/wanted-outputs.ts';
import { addBuildOptions, type BuildFlags, buildOptions } from '../../create/build.ts';
import { type BuildDisplayKind, buildDisplay } from '../../output/build-display.ts';
import { withOutputs } from '../../output/build-outputs.ts';
import { print } from '../../output/print.ts';
import { resultFile } from '../../output/result-file.ts';
import { tell } from '../../output/tell.ts';

const EXAMPLES = `
Examples:
  skiff build -t team/app .                           the Dockerfile of this directory
  skiff build -f build/Dockerfile --target test .     another file, and one of its stages
  skiff build --build-arg VERSION=1.2 -t app:1.2 .
  skiff build --secret id=token,src=token.txt .       RUN --mount=type=secret,id=token sees it, the image does not
  skiff build --no-cache --pull -t app .              everything anew, on the newest base
  skiff build --cache-from team/app:cache --cache-to type=registry,ref=team/app:cache,mode=max -t app .
  skiff build --platform linux/amd64,linux/arm64 -t registry.example/app --push .  an image for each
  skiff build -o out .                                the files of the last stage, in a directory
  skiff build https://example.com/team/app.git#v2:web  a repository, one of its tags, and a directory in it
  skiff build --shell-on-fail .                       look around where a RUN has failed
  skiff build --explain .                             which steps come from the cache, and why the others do not
  skiff build --check .                               what BuildKit's checks find, and practices; 1 when the former do`;

export function define(command: Command, session: () => Session): void {
  command
    .argument(
      '<context>',
      'whose files may be copied: a directory, an archive of one, a git repository, a URL; - for standard input',
    )
    .addHelpText('after', EXAMPLES)
    .action((context: string, flags: BuildFlags) => call(session(), context, { command, flags }));
  addBuildOptions(command);
}

/** Builds, or does what is asked for instead. */
async function call(
  session: Session,
  context: string,
  { command, flags }: { command: Command; flags: BuildFlags },
): Promise<void> {
  const { check, explain, call = parseBuildCall(check === true ? 'check' : 'build') } = flags;
  if (call.method === 'build' && !explain) return await build(session, context, { command, flags });
  if (explain && call.method !== 'build')
    throw new EngineError('invalid', `a build is explained, not its ${call.method}`, {
      hint: 'give --explain or --call, not both',
    });
  const options = buildOptions(context, { command, flags });
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
  { command, flags }: { command: Command; flags: BuildFlags },
): Promise<void> {
  const isQuiet = flags.quiet === true || flags.progress === 'quiet';
  const wanted = wantedOutputs(flags);
  const tellImage = imageTeller(flags, { wanted, isQuiet });
  const display = buildDisplay(isQuiet ? 'quiet' : (flags.progress ?? progressOf(environment())));
  const { builder } = await session.engine();
  let built: BuiltImage | undefined;
  let checked: CheckedDockerfile | undefined;
  let told: EngineError | undefined;
  const tellChecked = (): void => {
    if (checked !== undefined) display.findings(checked, { debug: session.globals.debug === true });
  };
  const onChecked = (found: CheckedDockerfile): void => {
    checked = found;
  };
  const onFailedRun = await shellOnFailure(flags, (error) => {
    display.close();
    printFailure(error);
    told = error;
  });
  try {
    const options = {
      ...buildOptions(context, { command, flags }),
      progress: display,
      onChecked,
      onFailedRun,
    };
    built = await interruptible((signal) =>
      withOutputs(wanted, (outputs) => builder.build({ ...options, outputs, signal })),
    );
  } catch (error) {
    display.close();
    tellChecked();
    if (!(error instanceof EngineError)) throw error;
    if (error !== told) printFailure(error);
    return;
  }
  display.close();
  tellChecked();
  for (const name of pushedNames(wanted, flags.tag))
    await pushWithProgress(session, name, { allTags: false, quiet: isQuiet });
  if (built !== undefined) tellImage(built);
}

/** Tells what was built, wherever that is wanted. Throws as `resultFile` before anything is built, and `invalid` without an image. */
function imageTeller(
  { iidfile, metadataFile }: BuildFlags,
  { wanted, isQuiet }: { wanted: readonly WantedOutput[]; isQuiet: boolean },
): (built: BuiltImage) => void {
  const file = iidfile ?? metadataFile;
  if (file !== undefined && !wanted.some((output) => 'form' in output))
    throw new EngineError('invalid', `there is no image that ${file} could tell of`, {
      subject: file,
      hint: 'ask for an image as well: --load, or --output type=oci,dest=FILE',
    });
  const [idFile, metadata] = [iidfile, metadataFile].map((path) => path && resultFile(userPath(path)));
  return (built) => {
    if (idFile) idFile.write(built.id);
    if (metadata) metadata.write(`${JSON.stringify(metadataOf(built), undefined, 2)}\n`);
    if (isQuiet) print(`${built.id}\n`);
  };
}

/** As buildx calls what it says of an image (Docker's "docker buildx build", `--metadata-file`). */
function metadataOf({ id, descriptor, image, names }: BuiltImage) {
  const { architecture, os, variant } = image?.config.parsed ?? {};
  const platform = image && { architecture, os, variant };
  return {
    ...(image === undefined ? {} : { 'containerimage.config.digest': id }),
    'containerimage.descriptor': { ...descriptor, annotations: image?.manifest.parsed.annotations, platform },
    'containerimage.digest': descriptor.digest,
    ...(names.length === 0 ? {} : { 'image.name': names.join(',') }),
  };
}

/** `--shell-on-fail`: what has failed is told before the shell opens. Throws `invalid` without a terminal. */
async function shellOnFailure(
  { shellOnFail = false }: BuildFlags,
  tellFailure: (error: EngineError) => void,
): Promise<BuildOptions['onFailedRun']> {
  if (shellOnFail === false) return undefined;
  const { isatty } = await import('node:tty');
  if (!isatty(0) || !isatty(1))
    throw new EngineError('invalid', 'a shell on failure needs a terminal for its input and its output', {
      subject: '--shell-on-fail',
      hint: 'leave --shell-on-fail out where nobody types',
    });
  return async (error, openShell) => {
    tellFailure(error);
    tell('a shell where the step has failed; the build ends with it');
    await openShell(shellOnFail === true ? undefined : shellOnFail);
  };
}

/** `BUILDKIT_PROGRESS`, as Docker has it. */
function progressOf(own: Readonly<NodeJS.ProcessEnv>): BuildDisplayKind {
  const known = ['plain', 'tty', 'rawjson', 'quiet'] as const;
  return known.find((kind) => kind === own['BUILDKIT_PROGRESS']) ?? 'auto';
}

/** In several lines, as those of the Dockerfile may be among them. As with Docker the exit code is 1. */
function printFailure(error: EngineError): void {
  tell(`skiff: ${error.message}`, { lines: true });
  const hint = error.remedy ?? error.hint;
  if (hint !== undefined) tell(`hint: ${hint}`);
  process.exitCode = error.kind === 'cancelled' ? exitCodeOf(error) : 1;
}
