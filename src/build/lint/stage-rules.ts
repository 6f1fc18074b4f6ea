import { nearestName } from '../../nearest-name.ts';
import type { Instruction, Keyword } from '../dockerfile/instruction.ts';
import { evaluate } from '../stages/evaluate.ts';
import { exposedPorts } from '../stages/expose.ts';
import { openStage, type StageBase } from '../stages/open-stage.ts';
import { isOldForm } from '../stages/pairs.ts';
import { joinedPath } from '../stages/paths.ts';
import { remoteKind } from '../stages/remote.ts';
import type { BuildPlan, StageConfig, StagePlan, StageState, Step } from '../stages/step.ts';
import { expand } from '../words/expand.ts';
import { splitWords } from '../words/split.ts';
import type { Findings } from './findings.ts';
import { RULES } from './rules.ts';

/** Words that names of secrets begin or end with, or are. */
const SECRET = /(?:_|^)(?:apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:_|$)/i;
const NO_SECRET = /(?:_|^)(?:public|file|version)(?:_|$)/i;
/** Of these only the last one counts. */
const ONCE: readonly Keyword[] = ['CMD', 'ENTRYPOINT', 'HEALTHCHECK'];

/** What is needed to judge what stages come to. */
interface StageOptions {
  isIgnored?: ((path: string) => boolean) | undefined;
  baseOf?: ((reference: string) => StageBase | undefined) | undefined;
}

/** What a stage has come to, as far as it is known. */
interface Known {
  state: StageState;
  /** Whether all variables are known: the base is. */
  isWhole: boolean;
  /** Whether a WORKDIR stood in the file. */
  hasWorkdir: boolean;
}

/** What instructions mean where they stand: evaluated, stage by stage. */
export function checkStages(findings: Findings, plan: BuildPlan, options: StageOptions): void {
  const done = new Map<number, Known>();
  for (const stage of plan.stages) {
    const begin = opened(findings, plan, stage, done, options);
    const checker = new StageChecker(findings, plan, stage, begin, options);
    done.set(stage.index, checker.all());
  }
}

function opened(
  findings: Findings,
  plan: BuildPlan,
  stage: StagePlan,
  done: ReadonlyMap<number, Known>,
  { baseOf }: StageOptions,
): Known & { instructions: readonly Instruction[] } {
  const { base } = stage;
  const before = base.kind === 'stage' ? done.get(base.index) : undefined;
  const image = base.kind === 'image' ? baseOf?.(base.reference) : undefined;
  if (base.kind === 'image' && image !== undefined)
    checkPlatform(findings, plan, stage, image, base.reference);
  const unknown = { config: { ...(stage.platform ?? plan.scope.platform), config: {} } };
  const isScratch = base.kind === 'scratch';
  const { state, instructions } = openStage(
    plan,
    stage,
    before?.state ?? image ?? (isScratch ? undefined : unknown),
  );
  const isWhole = before?.isWhole ?? (image !== undefined || isScratch);
  return { state, instructions, isWhole, hasWorkdir: before?.hasWorkdir ?? false };
}

function checkPlatform(
  findings: Findings,
  plan: BuildPlan,
  stage: StagePlan,
  { config }: StageBase,
  reference: string,
): void {
  const wanted = stage.platform ?? plan.scope.platform;
  if (config.os === wanted.os && config.architecture === wanted.architecture) return;
  findings.add(RULES.invalidBaseImagePlatform, stage.from, [reference, shown(config), shown(wanted)]);
}

function shown({ os, architecture, variant }: Pick<StageConfig, 'os' | 'architecture' | 'variant'>): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}

class StageChecker {
  readonly #findings: Findings;
  readonly #plan: BuildPlan;
  readonly #stage: StagePlan;
  readonly #instructions: readonly Instruction[];
  readonly #options: StageOptions;
  readonly #isWhole: boolean;
  readonly #last = new Map<Keyword, Instruction>();
  #state: StageState;
  #hasWorkdir: boolean;

  constructor(
    findings: Findings,
    plan: BuildPlan,
    stage: StagePlan,
    begin: Known & { instructions: readonly Instruction[] },
    options: StageOptions,
  ) {
    this.#findings = findings;
    this.#plan = plan;
    this.#stage = stage;
    this.#instructions = begin.instructions;
    this.#options = options;
    this.#isWhole = begin.isWhole;
    this.#state = begin.state;
    this.#hasWorkdir = begin.hasWorkdir;
  }

  all(): Known {
    for (const instruction of this.#instructions) this.#check(instruction);
    return { state: this.#state, isWhole: this.#isWhole, hasWorkdir: this.#hasWorkdir };
  }

  #check(instruction: Instruction): void {
    const before = this.#state;
    const { state, step, missing } = evaluate(this.#plan, this.#stage, before, instruction);
    this.#state = state;
    this.#undefined(instruction, missing);
    this.#once(instruction);
    this.#secrets(instruction);
    this.#sources(step);
    const { keyword, words } = instruction;
    if (keyword === 'EXPOSE') this.#ports(instruction, before);
    if (keyword === 'WORKDIR') this.#workdir(instruction, before);
    const isCommand = keyword === 'CMD' || keyword === 'ENTRYPOINT';
    if (isCommand && words === undefined && !before.config.config.Shell?.length)
      this.#findings.add(RULES.jsonArgsRecommended, instruction, [keyword]);
  }

  #undefined(instruction: Instruction, missing: ReadonlySet<string>): void {
    if (!this.#isWhole) return;
    for (const name of missing) {
      if (this.#state.arguments.has(name)) continue;
      const near = nearestName(name, [...this.#state.environment.keys()]) ?? '';
      this.#findings.add(RULES.undefinedVar, instruction, [name, near]);
    }
  }

  /** The one before is the one that does not count. */
  #once(instruction: Instruction): void {
    const { keyword } = instruction;
    if (!ONCE.includes(keyword)) return;
    const before = this.#last.get(keyword);
    if (before !== undefined) this.#findings.add(RULES.multipleInstructionsDisallowed, before, [keyword]);
    this.#last.set(keyword, instruction);
  }

  #secrets(instruction: Instruction): void {
    const { keyword, rest } = instruction;
    if (keyword !== 'ENV' && keyword !== 'ARG') return;
    const words = splitWords(rest, this.#plan.scope.escape);
    const named = keyword === 'ENV' && isOldForm(rest) ? words.slice(0, 1) : words;
    for (const name of named.map((word) => word.split('=')[0] as string)) {
      if (SECRET.test(name) && !NO_SECRET.test(name))
        this.#findings.add(RULES.secretsUsedInArgOrEnv, instruction, [keyword, name]);
    }
  }

  #sources(step: Step): void {
    const { isIgnored } = this.#options;
    if (isIgnored === undefined || step.kind !== 'copy') return;
    if (step.from.kind !== 'context' || step.from.name !== undefined) return;
    for (const source of step.sources) {
      const path = joinedPath('', source).slice(1);
      if (remoteKind(source) === undefined && path !== '' && isIgnored(path))
        this.#findings.add(RULES.copyIgnoredFile, step.instruction, [step.add ? 'Add' : 'Copy', path]);
    }
  }

  #ports(instruction: Instruction, before: StageState): void {
    const { words } = this.#expanded(instruction, before);
    for (const word of words) {
      const ports = exposedPorts(word);
      if (typeof ports === 'string') continue;
      const protocol = word.split('/')[1] ?? '';
      if (protocol !== protocol.toLowerCase())
        this.#findings.add(RULES.exposeProtoCasing, instruction, [word]);
      if (ports.host !== undefined) this.#findings.add(RULES.exposeInvalidFormat, instruction, [word]);
    }
  }

  #workdir(instruction: Instruction, before: StageState): void {
    const { text } = this.#expanded(instruction, before);
    if (!this.#hasWorkdir && !text.startsWith('/'))
      this.#findings.add(RULES.workdirRelativePath, instruction, [text]);
    this.#hasWorkdir = true;
  }

  /** The rest of an instruction that was evaluated, and can be expanded therefore. */
  #expanded({ rest }: Instruction, { environment }: StageState) {
    return expand(rest, { variables: (name) => environment.get(name), escape: this.#plan.scope.escape });
  }
}
