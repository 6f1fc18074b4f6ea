import { EngineError } from '../../errors.ts';
import type { Dockerfile } from '../dockerfile/instruction.ts';
import type { StageBase } from '../stages/open-stage.ts';
import { type PlanOptions, planStages } from '../stages/plan-stages.ts';
import { parseCheckOptions } from './check-options.ts';
import { type Finding, Findings } from './findings.ts';
import { checkFrom } from './from-rules.ts';
import { checkPractices } from './practices.ts';
import { checkStages } from './stage-rules.ts';
import { checkWriting } from './writing-rules.ts';

/** What is known besides the file. */
export interface LintOptions extends PlanOptions {
  /** Whether a text can be the name of an image (image/reference.ts; domains do not know each other). */
  isReference: (text: string) => boolean;
  /**
   * Whether the ignore file keeps a path out of the context; absent: there is none, or it has exceptions, of which nobody
   * can tell without the files.
   */
  isIgnored?: ((path: string) => boolean) | undefined;
  /** The config of a base image; undefined: it is not known, and its variables are not asked for. */
  baseOf?: ((reference: string) => StageBase | undefined) | undefined;
}

/** What `--check` says. */
export interface LintReport {
  findings: readonly Finding[];
  /** Why the file cannot be built, when that is so: nothing was looked for behind it. */
  error: EngineError | undefined;
  /** Whether the file wants findings to fail its build (`# check=error=true`), and BuildKit's rules have some. */
  fails: boolean;
}

/** The argument by which whoever builds says what the check directive would, and in the place of it. */
const CHECK_ARGUMENT = 'BUILDKIT_DOCKERFILE_CHECK';

/**
 * Looks for what a Dockerfile should not have, in all its stages: BuildKit's rules by their names, and practices of our
 * own. Throws `invalid` for a check directive that is none.
 */
export function lintDockerfile(dockerfile: Dockerfile, options: LintOptions): LintReport {
  const check = parseCheckOptions(checkText(dockerfile, options));
  const findings = new Findings(check);
  let error: EngineError | undefined;
  try {
    checkWriting(findings, dockerfile);
    checkFrom(findings, dockerfile, options);
    const plan = planStages(dockerfile, options);
    checkPractices(findings, plan);
    checkStages(findings, plan, options);
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    error = cause;
  }
  const all = findings.all();
  return { findings: all, error, fails: check.error && all.some(({ url }) => url !== undefined) };
}

function checkText({ directives }: Dockerfile, { buildArgs }: LintOptions): string {
  const given = Object.hasOwn(buildArgs, CHECK_ARGUMENT) ? buildArgs[CHECK_ARGUMENT] : undefined;
  return given ?? directives.check ?? '';
}
