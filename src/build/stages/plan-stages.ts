import { EngineError } from '../../errors.ts';
import type { Platform } from '../../oci/platform.ts';
import { complaint, meant } from '../dockerfile/complaint.ts';
import type { Dockerfile, Instruction } from '../dockerfile/instruction.ts';
import { Evaluation } from './evaluation.ts';
import { argumentWords } from './pairs.ts';
import { isPredefined, predefinedArguments } from './predefined.ts';
import { stageNeeds } from './stage-needs.ts';
import { contextNamed, namedSource, stageNamed } from './stage-source.ts';
import type { BuildPlan, BuildScope, Source, StagePlan } from './step.ts';

const NAME = /^[a-z][a-z0-9._-]*$/;

/** What decides which stages are built, and of what. */
export interface PlanOptions {
  /** A stage's name or number; absent: the last. */
  target?: string | undefined;
  buildArgs: Readonly<Record<string, string>>;
  /** Of the result. */
  platform: Platform;
  /** Of who builds. */
  buildPlatform: Platform;
  /** Names of contexts that the user gave; they stand in for images and stages of that name. */
  contexts: readonly string[];
  /** Reads `os/architecture[/variant]`, throws `invalid` (image/platform.ts; domains do not know each other). */
  parsePlatform: (text: string) => Platform;
}

/**
 * Finds the stages of a Dockerfile, what each is based on and needs, and which of them have to be built. Throws `invalid`
 * for names that are none, for stages that need each other, and for a file without a stage; `notFound` for a target that
 * is no stage.
 */
export function planStages(dockerfile: Dockerfile, options: PlanOptions): BuildPlan {
  const { instructions } = dockerfile;
  const file = { name: dockerfile.name, lines: dockerfile.lines };
  const head = globalArguments(dockerfile);
  const early = head.find(({ keyword }) => keyword !== 'ARG');
  if (early !== undefined)
    throw complaint(file, early.start, `${early.keyword} stands before the first FROM`, {
      endLine: early.endLine,
      hint: 'only ARG may stand there',
    });
  if (head.length === instructions.length)
    throw complaint(file, { line: 1, column: 1 }, 'there is no stage to build', {
      hint: 'a stage begins with FROM',
    });
  const scope = buildScope(dockerfile, options);
  const stages: StagePlan[] = [];
  for (const part of stagesOf(instructions.slice(head.length))) stages.push(planStage(scope, stages, part));
  const names = { stages, scope };
  const complete = stages.map((stage) => ({ ...stage, needs: stageNeeds(names, stage) }));
  const target = targetOf(file.name, complete, options.target);
  const needed = inOrder(complete, target);
  return { stages: complete, target, needed, unusedArguments: unusedArguments(scope, instructions), scope };
}

/** What holds for all stages. The arguments before the first FROM see each other, and the predefined ones. */
export function buildScope(dockerfile: Dockerfile, options: PlanOptions): BuildScope {
  const { buildArgs, platform, buildPlatform, contexts, parsePlatform } = options;
  const last = dockerfile.instructions.findLast(({ keyword }) => keyword === 'FROM');
  const target = options.target || last?.rest.split(/\s+/)[2]?.toLowerCase();
  const values = predefinedArguments({ platform, buildPlatform, buildArgs, target });
  const scope: BuildScope = {
    file: { name: dockerfile.name, lines: dockerfile.lines },
    escape: dockerfile.escape,
    buildArgs,
    arguments: values,
    platform,
    buildPlatform,
    contexts,
    parsePlatform,
  };
  for (const instruction of globalArguments(dockerfile)) {
    const one = evaluationOf(scope, instruction);
    for (const [name, written] of argumentWords(one)) {
      const given = Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
      const value = given ?? (written === undefined ? undefined : one.expand(written));
      if (value !== undefined) values.set(name, value);
    }
  }
  return scope;
}

/** The ARGs before the first FROM. */
export function globalArguments({ instructions }: Dockerfile): readonly Instruction[] {
  const first = instructions.findIndex(({ keyword }) => keyword === 'FROM');
  return instructions.slice(0, first < 0 ? undefined : first);
}

/** What the words of a FROM, or of a global ARG, are expanded with. */
export function evaluationOf(scope: BuildScope, instruction: Instruction): Evaluation {
  return new Evaluation(instruction, {
    file: scope.file,
    escape: scope.escape,
    environment: scope.arguments,
  });
}

function stagesOf(instructions: readonly Instruction[]): { from: Instruction; others: Instruction[] }[] {
  const stages: { from: Instruction; others: Instruction[] }[] = [];
  for (const instruction of instructions) {
    if (instruction.keyword === 'FROM') stages.push({ from: instruction, others: [] });
    else stages.at(-1)?.others.push(instruction);
  }
  return stages;
}

function planStage(
  scope: BuildScope,
  before: readonly StagePlan[],
  { from, others }: { from: Instruction; others: readonly Instruction[] },
): StagePlan {
  const one = evaluationOf(scope, from);
  const { base, name } = fromWords(one);
  const index = before.length;
  const expanded = one.expand(base);
  if (expanded === '')
    throw one.wrong(`the name of the base is empty: ${base}`, {
      hint: `an ARG before the first FROM gives ${[...one.missing][0] ?? 'it'} a value`,
    });
  const replacement = name === undefined ? undefined : contextNamed(name, scope.contexts);
  const source: Source =
    replacement === undefined ? baseOf(scope, before, expanded) : { kind: 'context', name: replacement };
  return {
    index,
    name,
    base: source,
    platform: platformOf(one, scope),
    from,
    // A context of the stage's name is what the stage would be.
    instructions: replacement === undefined ? others : [],
    needs: [],
  };
}

function fromWords(one: Evaluation): { base: string; name: string | undefined } {
  const [base = '', as, written, ...more] = one.instruction.rest.split(/\s+/);
  if (as === undefined) return { base, name: undefined };
  if (as.toLowerCase() !== 'as' || written === undefined || more.length > 0)
    throw one.wrong('FROM takes one word, or three: IMAGE AS NAME');
  const name = written.toLowerCase();
  if (NAME.test(name)) return { base, name };
  throw one.wrong(`"${written}" cannot be the name of a stage`, {
    hint: 'it begins with a letter and has letters, digits, dots, dashes and underscores',
  });
}

function baseOf({ contexts }: BuildScope, before: readonly StagePlan[], text: string): Source {
  const lower = text.toLowerCase();
  const stage = before.findLast(({ name }) => name === lower);
  return stage === undefined ? namedSource(text, contexts) : { kind: 'stage', index: stage.index };
}

function platformOf(one: Evaluation, { parsePlatform, arguments: known }: BuildScope): Platform | undefined {
  const written = one.flag('platform');
  if (written === undefined) return undefined;
  const at = one.flagAt('platform');
  const missing = [...one.missing];
  const text = one.expand(written);
  const hint = [...one.missing]
    .filter((name) => !missing.includes(name))
    .map((name) => meant(name, [...known.keys()]))
    .find((each) => each !== undefined);
  if (text === '') throw one.wrong(`the platform is empty: ${written}`, { at, hint });
  try {
    return parsePlatform(text);
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    throw one.wrong(cause.message, { at, hint: hint ?? cause.hint, cause });
  }
}

function targetOf(file: string, stages: readonly StagePlan[], target: string | undefined): number {
  if (target === undefined || target === '') return stages.length - 1;
  const index = stageNamed(stages, target);
  if (index !== undefined) return index;
  const names = stages.flatMap(({ name }) => name ?? []);
  throw new EngineError('invalid', `${file} has no stage "${target}"`, {
    subject: target,
    hint: meant(target, names) ?? (names.length === 0 ? undefined : `its stages are ${names.join(', ')}`),
  });
}

/** A stage and all that it needs, each after those that it needs. */
function inOrder(stages: readonly StagePlan[], target: number): number[] {
  const done = new Set<number>();
  const visit = (index: number): void => {
    if (done.has(index)) return;
    for (const need of stages[index]?.needs ?? []) visit(need);
    done.add(index);
  };
  visit(target);
  return [...done];
}

/** Arguments that were given and that no ARG of the file takes. */
function unusedArguments(scope: BuildScope, instructions: readonly Instruction[]): string[] {
  const taken = new Set(
    instructions
      .filter(({ keyword }) => keyword === 'ARG')
      .flatMap((instruction) => argumentWords(evaluationOf(scope, instruction)).map(([name]) => name)),
  );
  return Object.keys(scope.buildArgs).filter(
    (name) => !taken.has(name) && !isPredefined(name, scope.arguments),
  );
}
