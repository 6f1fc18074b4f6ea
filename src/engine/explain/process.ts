import { type ImageConfig, parseImageConfig } from '../../oci/image-config.ts';
import type { HealthSettings, LogSettings, RestartPolicy, StopSettings } from '../../runtime/options.ts';
import type { PreparedContainer } from '../prepare/container.ts';
import { argumentOf, argumentsOf, type PlanSections } from './sections.ts';

/** The command, as it is executed. */
export interface ExplainedProcess {
  argv: string[];
  /** The members that somebody asked for; the others are the image's or defaults. */
  asked: ('argv' | 'cwd' | 'user' | 'groups' | 'umask' | 'oomScoreAdj')[];
  env: ExplainedVariable[];
  cwd: string;
  /** As it is looked up in the container: a name or numbers. */
  user: string;
  groups: string[];
  /** Octal. */
  umask: string;
  hasTerminal: boolean;
  hasStdin: boolean;
  /** PID 1 is skiff's own. */
  hasInit: boolean;
  /** A program of the host that is PID 1 instead, with the command as its arguments. */
  initPath?: string | undefined;
  oomScoreAdj?: number | undefined;
}

/** `from`: who says it. Of `passwd` the value is found when the container is there, in its /etc/passwd. */
export interface ExplainedVariable {
  name: string;
  value?: string | undefined;
  from: 'default' | 'image' | 'asked' | 'passwd';
}

/** What the monitor does besides. Times in ms. */
export interface ExplainedSupervision {
  /** Absent: nothing is kept of what it writes. */
  log?: Pick<LogSettings, 'driver' | 'path' | 'maxBytes' | 'maxFiles' | 'attributes'> | undefined;
  isLogAsked: boolean;
  health?: HealthSettings | undefined;
  restart?: RestartPolicy | undefined;
  stop: StopSettings;
  runTimeoutMs?: number | undefined;
  autoRemove: boolean;
}

/** Reads the command from the plan; who has said its parts from options and image. */
export function explainProcess(
  { options: { process: asked }, image }: Pick<PreparedContainer, 'options' | 'image'>,
  { general, process: records }: PlanSections,
): ExplainedProcess {
  const config = parseImageConfig(Buffer.from(image.config));
  const firsts = (op: string) => argumentsOf(records, op).flatMap(([word]) => word ?? []);
  const score = argumentOf(records, 'oom-score-adj');
  return {
    argv: firsts('arg'),
    asked: askedMembers(asked),
    env: withHome(firsts('env').map((entry) => variable(entry, asked.env ?? [], config))),
    cwd: argumentOf(records, 'cwd') ?? '/',
    user: argumentOf(records, 'user') ?? '',
    groups: records.some(([op]) => op === 'keep-groups') ? ['keep-groups'] : firsts('group'),
    umask: argumentOf(records, 'umask') ?? '',
    hasTerminal: general.some(([op]) => op === 'terminal'),
    hasStdin: argumentOf(general, 'stdin') === 'open',
    hasInit: records.some(([op]) => op === 'reaper'),
    ...(asked.initPath === undefined ? {} : { initPath: asked.initPath }),
    ...(score === undefined ? {} : { oomScoreAdj: Number(score) }),
  };
}

function askedMembers({
  command = [],
  entrypoint,
  ...asked
}: PreparedContainer['options']['process']): ExplainedProcess['asked'] {
  const others = (['cwd', 'user', 'groups', 'umask', 'oomScoreAdj'] as const).filter(
    (member) => asked[member] !== undefined,
  );
  return command.length > 0 || entrypoint !== undefined ? ['argv', ...others] : others;
}

/** The helper sets HOME, at the end, where nobody has (native/PLAN.md, `user`). */
function withHome(variables: readonly ExplainedVariable[]): ExplainedVariable[] {
  const isSet = variables.some(({ name }) => name === 'HOME');
  return isSet ? [...variables] : [...variables, { name: 'HOME', from: 'passwd' }];
}

function variable(entry: string, asked: readonly string[], { config }: ImageConfig): ExplainedVariable {
  const at = entry.indexOf('=');
  const from = asked.includes(entry) ? 'asked' : config.Env?.includes(entry) ? 'image' : 'default';
  return { name: entry.slice(0, at), value: entry.slice(at + 1), from };
}

/** Log, health, restart and end, decided. */
export function explainSupervision({
  options,
  runtime: { log, stop, supervision },
}: Pick<PreparedContainer, 'options' | 'runtime'>): ExplainedSupervision {
  return {
    log: log && {
      driver: log.driver,
      path: log.path,
      maxBytes: log.maxBytes,
      maxFiles: log.maxFiles,
      attributes: log.attributes,
    },
    isLogAsked: options.log !== undefined,
    health: supervision?.health,
    restart: supervision?.restart,
    stop,
    runTimeoutMs: supervision?.runTimeoutMs,
    autoRemove: options.autoRemove,
  };
}
