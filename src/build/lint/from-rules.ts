import { nearestName } from '../../nearest-name.ts';
import type { Dockerfile, Instruction } from '../dockerfile/instruction.ts';
import { argumentWords } from '../stages/pairs.ts';
import { buildScope, evaluationOf, globalArguments, type PlanOptions } from '../stages/plan-stages.ts';
import type { BuildScope } from '../stages/step.ts';
import { type Expanded, ExpansionError, expand } from '../words/expand.ts';
import type { Findings } from './findings.ts';
import { RULES } from './rules.ts';

/** What is needed to judge a FROM. */
interface FromOptions extends PlanOptions {
  isReference: (text: string) => boolean;
}

/** The words of FROM: their arguments, and the platform. */
export function checkFrom(findings: Findings, dockerfile: Dockerfile, options: FromOptions): void {
  const scope = buildScope(dockerfile, options);
  const defaults = buildScope(dockerfile, { ...options, buildArgs: {} });
  const head = globalArguments(dockerfile);
  const declared = head.flatMap((each) => argumentWords(evaluationOf(scope, each)).map(([name]) => name));
  const known = [...declared, ...scope.arguments.keys()];
  for (const instruction of dockerfile.instructions) {
    if (instruction.keyword !== 'FROM') continue;
    const [base = ''] = instruction.rest.split(/\s+/);
    const platform = instruction.flags.find(({ name }) => name === 'platform')?.value;
    for (const text of [base, ...(platform === undefined ? [] : [platform])])
      checkArguments(findings, instruction, expanded(scope, text), known);
    if (platform !== undefined) checkPlatform(findings, instruction, scope, platform);
    const byDefault = expanded(defaults, base)?.text;
    if (byDefault !== undefined && !options.isReference(byDefault))
      findings.add(RULES.invalidDefaultArgInFrom, instruction, [base]);
  }
}

function checkArguments(
  findings: Findings,
  instruction: Instruction,
  text: Expanded | undefined,
  known: readonly string[],
): void {
  for (const name of text?.missing ?? []) {
    if (known.includes(name)) continue;
    findings.add(RULES.undefinedArgInFrom, instruction, [name, nearestName(name, known) ?? '']);
  }
}

function checkPlatform(
  findings: Findings,
  instruction: Instruction,
  scope: BuildScope,
  written: string,
): void {
  const platform = expanded(scope, written);
  if (platform === undefined || platform.missing.size > 0) return;
  const [variable, ...others] = platform.used;
  if (variable === 'TARGETPLATFORM' && others.length === 0) {
    if (platform.text === scope.arguments.get(variable))
      findings.add(RULES.redundantTargetPlatform, instruction, [written]);
  } else if (variable === undefined) {
    const { os, architecture } = scope.parsePlatform(platform.text);
    const name = instruction.rest.split(/\s+/)[2]?.toLowerCase() ?? '';
    // The name says that the stage is for this one.
    if (!name.includes(os) && !name.includes(architecture))
      findings.add(RULES.fromPlatformFlagConstDisallowed, instruction, [platform.text]);
  }
}

/** Undefined: it cannot be expanded, which the plan will say. */
function expanded(scope: BuildScope, text: string): Expanded | undefined {
  try {
    return expand(text, { variables: (name) => scope.arguments.get(name), escape: scope.escape });
  } catch (cause) {
    if (cause instanceof ExpansionError) return undefined;
    throw cause;
  }
}
