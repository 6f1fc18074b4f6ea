import type { Dockerfile } from '../dockerfile/instruction.ts';
import type { StageBase } from '../stages/open-stage.ts';
import type { PlanOptions } from '../stages/plan-stages.ts';

/** A remark on a Dockerfile. */
export interface Finding {
  /** As BuildKit calls it, `StageNameCasing`; or of our own. */
  rule: string;
  /** What the rule wants. */
  description: string;
  /** Where it is explained. Absent: the rule is our own. */
  url: string | undefined;
  /** What is wrong here. */
  detail: string;
  /** The first and the last line of what is wrong. */
  lines: readonly [number, number];
}

/** What is known besides the file. */
export interface LintOptions extends PlanOptions {
  /** Whether the ignore file keeps a path out of the context. Absent: nothing is ignored. */
  isIgnored?: ((path: string) => boolean) | undefined;
  /** The config of a base image; undefined: it is not known, and its variables are not asked for. */
  baseOf?: ((reference: string) => StageBase | undefined) | undefined;
}

/** What `--check` says. */
export interface LintReport {
  findings: readonly Finding[];
  /** `# check=error=true`: findings make the build fail. */
  isError: boolean;
}

/** Looks for what a Dockerfile should not have: BuildKit's rules by their names, and ours. */
export function lintDockerfile(_dockerfile: Dockerfile, _options: LintOptions): LintReport {
  return { findings: [], isError: false };
}
