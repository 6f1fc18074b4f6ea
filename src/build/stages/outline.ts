import type { Dockerfile, Instruction } from '../dockerfile/instruction.ts';
import { describedIn } from './described.ts';
import { evaluate } from './evaluate.ts';
import { Evaluation } from './evaluation.ts';
import { openStage, type StageBase } from './open-stage.ts';
import { argumentWords } from './pairs.ts';
import { evaluationOf, globalArguments, type PlanOptions, planStages } from './plan-stages.ts';
import type { BuildPlan, RunMount, StagePlan, StageState } from './step.ts';

/** The first and the last line of an instruction. */
type Lines = readonly [number, number];

/** What can be given to a build: what its target and the stages that this needs take, each once, in the order of the file. */
export interface BuildOutline {
  /** The target's name, in lower case; absent: it has none. */
  name: string | undefined;
  /** What the comment right above it says of it: `# NAME what it is`. */
  description: string | undefined;
  arguments: OutlinedArgument[];
  secrets: OutlinedFile[];
  /** Agents for `RUN --mount=type=ssh`. */
  agents: OutlinedFile[];
  /** Directories that stay between builds. */
  caches: { id: string; lines: Lines }[];
}

export interface OutlinedArgument {
  name: string;
  /** What it has in this build: what was given, else its default; absent: nothing. */
  value: string | undefined;
  description: string | undefined;
  lines: Lines;
}

export interface OutlinedFile {
  id: string;
  /** Whether the build fails without it. */
  required: boolean;
  lines: Lines;
}

/** What is known besides the file. */
export interface OutlineOptions extends PlanOptions {
  /** The config of a base image; undefined: it is not known, and neither are its variables. */
  baseOf: (reference: string) => StageBase | undefined;
}

/** Finds what can be given to a build. Throws as `planStages` and `evaluate`. */
export function buildOutline(dockerfile: Dockerfile, options: OutlineOptions): BuildOutline {
  const plan = planStages(dockerfile, options);
  const outliner = new Outliner(plan, globalArguments(dockerfile), options);
  const target = plan.stages[plan.target];
  for (const index of plan.needed) outliner.stage(plan.stages[index] as StagePlan);
  return {
    name: target?.name,
    description: target && describedIn(target.from, target.name),
    ...outliner.found(),
  };
}

class Outliner {
  readonly #plan: BuildPlan;
  readonly #global: readonly Instruction[];
  readonly #baseOf: OutlineOptions['baseOf'];
  readonly #states = new Map<number, StageState>();
  readonly #arguments = new Map<string, OutlinedArgument>();
  readonly #secrets = new Map<string, OutlinedFile>();
  readonly #agents = new Map<string, OutlinedFile>();
  readonly #caches = new Map<string, { id: string; lines: Lines }>();

  constructor(plan: BuildPlan, global: readonly Instruction[], { baseOf }: OutlineOptions) {
    this.#plan = plan;
    this.#global = global;
    this.#baseOf = baseOf;
  }

  /** Each after those that it needs. */
  stage(stage: StagePlan): void {
    for (const name of this.#namesIn(stage.from)) this.#globalArgument(name);
    const { base, platform } = stage;
    const unknown = { config: { ...(platform ?? this.#plan.scope.platform), config: {} } };
    const image = base.kind === 'image' ? (this.#baseOf(base.reference) ?? unknown) : undefined;
    const below = base.kind === 'stage' ? this.#states.get(base.index) : image;
    const { state: begun, instructions } = openStage(this.#plan, stage, below);
    let state = begun;
    for (const instruction of instructions) {
      const { state: next, step } = evaluate(this.#plan, stage, state, instruction);
      if (instruction.keyword === 'ARG') this.#declared(instruction, next);
      if (step.kind === 'run') for (const mount of step.mounts) this.#mount(mount, linesOf(instruction));
      state = next;
    }
    this.#states.set(stage.index, state);
  }

  found(): Omit<BuildOutline, 'name' | 'description'> {
    return {
      arguments: inOrder(this.#arguments),
      secrets: inOrder(this.#secrets),
      agents: inOrder(this.#agents),
      caches: inOrder(this.#caches),
    };
  }

  /** One without a value of its own is the one before the first FROM, or predefined, which nobody has to be told of. */
  #declared(instruction: Instruction, { arguments: values }: StageState): void {
    const { scope } = this.#plan;
    for (const [name, written] of argumentWords(evaluationOf(scope, instruction))) {
      const isInherited = written === undefined && !Object.hasOwn(scope.buildArgs, name);
      if (isInherited && scope.arguments.has(name)) this.#globalArgument(name);
      else this.#argument(name, values.get(name), instruction);
    }
  }

  /** With those that its default is made of; `above`: which it is part of. */
  #globalArgument(name: string, above: readonly string[] = []): void {
    const { scope } = this.#plan;
    const declaring = this.#global.findLast((each) =>
      argumentWords(evaluationOf(scope, each)).some(([declared]) => declared === name),
    );
    if (declaring === undefined || above.includes(name)) return;
    this.#argument(name, scope.arguments.get(name), declaring);
    const written = argumentWords(evaluationOf(scope, declaring)).find(
      ([declared]) => declared === name,
    )?.[1];
    if (written === undefined || Object.hasOwn(scope.buildArgs, name)) return;
    const heard = this.#hearing(declaring);
    heard.one.expand(written);
    for (const other of heard.names) this.#globalArgument(other, [...above, name]);
  }

  /** The last one counts: it is the target's, if that has one. */
  #argument(name: string, value: string | undefined, instruction: Instruction): void {
    const description = describedIn(instruction, name);
    this.#arguments.set(name, { name, value, description, lines: linesOf(instruction) });
  }

  #mount(mount: RunMount, lines: Lines): void {
    if (mount.type === 'cache' && !this.#caches.has(mount.id))
      this.#caches.set(mount.id, { id: mount.id, lines });
    if (mount.type !== 'secret' && mount.type !== 'ssh') return;
    const files = mount.type === 'secret' ? this.#secrets : this.#agents;
    const { id, required } = mount;
    const known = files.get(id);
    if (known === undefined || (required && !known.required)) files.set(id, { id, required, lines });
  }

  /** The variables in the words of a FROM. */
  #namesIn(from: Instruction): ReadonlySet<string> {
    const { one, names } = this.#hearing(from);
    for (const word of [from.rest.split(/\s+/)[0] ?? '', ...one.flags('platform')]) one.expand(word);
    return names;
  }

  /** An evaluation among the arguments before the first FROM, which knows the names that were asked for. */
  #hearing(instruction: Instruction): { one: Evaluation; names: ReadonlySet<string> } {
    const { file, escape: mark, arguments: values } = this.#plan.scope;
    const environment = new Heard(values);
    return {
      one: new Evaluation(instruction, { file, escape: mark, environment }),
      names: environment.asked,
    };
  }
}

/** Remembers what it was asked for. */
class Heard extends Map<string, string> {
  readonly asked = new Set<string>();

  override get(name: string): string | undefined {
    this.asked.add(name);
    return super.get(name);
  }
}

function linesOf({ start, endLine }: Instruction): Lines {
  return [start.line, endLine];
}

function inOrder<T extends { lines: Lines }>(all: ReadonlyMap<string, T>): T[] {
  return [...all.values()].sort((one, other) => one.lines[0] - other.lines[0]);
}
