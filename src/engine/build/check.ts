import { parseIgnore } from '../../build/context/ignore.ts';
import type { Dockerfile } from '../../build/dockerfile/instruction.ts';
import { parseDockerfile } from '../../build/dockerfile/parse.ts';
import { lintDockerfile } from '../../build/lint/lint.ts';
import type { StageBase } from '../../build/stages/open-stage.ts';
import { type BuildOutline, buildOutline } from '../../build/stages/outline.ts';
import { type BuildTarget, buildTargets } from '../../build/stages/targets.ts';
import { EngineError } from '../../errors.ts';
import { parseReference } from '../../image/reference.ts';
import { imageOf } from '../images/stored-image.ts';
import type { Context } from '../store/context.ts';
import { lookUpImage } from '../store/images.ts';
import { inWorkspace } from '../store/workspace.ts';
import type { CheckedDockerfile, DockerfileSource } from './checked.ts';
import type { ContextFiles, DockerfileText } from './dockerfile-text.ts';
import { openContext } from './open-context.ts';
import type { BuildOptions } from './options.ts';
import { planOptions } from './plan-options.ts';

/** What of a build decides what there is to be said of its Dockerfile. */
export type CheckOptions = Pick<
  BuildOptions,
  'source' | 'file' | 'contexts' | 'target' | 'buildArgs' | 'platforms' | 'secrets' | 'signal'
>;

/**
 * Looks for what the Dockerfile of a context should not have. Nothing is built or pulled: of bases that are not here
 * variables are not known, and not asked for. Throws as `openContext`; what is wrong in the file is in the report.
 */
export async function checkBuild(context: Context, options: CheckOptions): Promise<CheckedDockerfile> {
  return await withFiles(context, options, (files) => checkFiles(context, files, options));
}

/** Finds the stages of a context's Dockerfile that can be asked for. Throws as `openContext`, and for a file that is wrong. */
export async function targetsOfBuild(
  context: Context,
  options: CheckOptions,
): Promise<{ file: DockerfileSource; targets: BuildTarget[] }> {
  return await withFiles(context, options, ({ dockerfile }) => {
    const parsed = parse(dockerfile);
    return { file: fileOf(dockerfile, parsed.lines), targets: buildTargets(parsed, planOptions(options)) };
  });
}

/**
 * Finds what can be given to a build of a context's Dockerfile. Variables of bases that are not here are not known. Throws as
 * `openContext`, and for a file or a target that is wrong.
 */
export async function outlineOfBuild(
  context: Context,
  options: CheckOptions,
): Promise<{ file: DockerfileSource; outline: BuildOutline }> {
  return await withFiles(context, options, ({ dockerfile }) => {
    const parsed = parse(dockerfile);
    const baseOf = (reference: string) => baseHere(context, reference);
    const outline = buildOutline(parsed, { ...planOptions(options), baseOf });
    return { file: fileOf(dockerfile, parsed.lines), outline };
  });
}

/** Looks for the same as `checkBuild`, in files that are open. */
export function checkFiles(
  context: Context,
  { dockerfile, ignore }: ContextFiles,
  options: CheckOptions,
): CheckedDockerfile {
  const rules = ignore && parseIgnore(ignore.text, ignore.name).patterns;
  const isIgnored =
    rules === undefined || rules.hasExceptions ? undefined : (path: string) => rules.judgeWhole(path).matched;
  try {
    const parsed = parse(dockerfile);
    const report = lintDockerfile(parsed, {
      ...planOptions(options),
      isReference,
      isIgnored,
      baseOf: (reference) => baseHere(context, reference),
    });
    return { file: fileOf(dockerfile, parsed.lines), ...report };
  } catch (error) {
    if (!(error instanceof EngineError) || error.kind !== 'invalid') throw error;
    const lines = dockerfile.text.split('\n');
    return { file: fileOf(dockerfile, lines), findings: [], error, fails: false };
  }
}

/**
 * Tells of the findings of a file that wants them to fail its build, if it has some, and throws `invalid` in BuildKit's words;
 * also for a check directive that is none.
 */
export function requireChecked(context: Context, files: ContextFiles, options: BuildOptions): void {
  const { BUILDKIT_DOCKERFILE_CHECK: given } = options.buildArgs ?? {};
  // Other files need not be looked at before they are built.
  if (given === undefined && !/^\s*#\s*check\s*=/im.test(files.dockerfile.text)) return;
  const checked = checkFiles(context, files, options);
  if (checked.error !== undefined) throw checked.error;
  if (!checked.fails) return;
  options.onChecked?.(checked);
  const broken = checked.findings.filter(({ url }) => url !== undefined).map(({ rule }) => rule);
  const rules = [...new Set(broken)].sort().join(', ');
  throw new EngineError('invalid', `lint violation found for rules: ${rules}`, {
    hint: 'the file has check=error=true: --check shows where; skip=RULE leaves one out',
  });
}

async function withFiles<T>(
  context: Context,
  { source, file, secrets, signal }: CheckOptions,
  body: (files: ContextFiles) => T,
): Promise<T> {
  return await inWorkspace(context, async (workspace) =>
    body(await openContext(context, { source, file, scratch: () => workspace.tmp(), secrets, signal })),
  );
}

function parse({ name, text }: DockerfileText): Dockerfile {
  return parseDockerfile(text, { name });
}

function fileOf({ name, text }: DockerfileText, lines: readonly string[]): DockerfileSource {
  return { name, text, lines };
}

function isReference(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch {
    return false;
  }
}

function baseHere({ database }: Context, reference: string): StageBase | undefined {
  const found = lookUpImage(database, reference);
  if (found === undefined) return undefined;
  const { rootfs: _layers, history: _steps, ...config } = imageOf(database, found).image.config.parsed;
  return { config };
}
