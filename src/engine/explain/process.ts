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
  oomScoreAdj?: number | undefined;
}

/** `from`: who says it. */
export interface ExplainedVariable {
  name: string;
  value: string;
  from: 'default' | 'image' | 'asked';
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
    env: firsts('env').map((entry) => variable(entry, asked.env ?? [], config)),
    cwd: argumentOf(records, 'cwd') ?? '/',
    user: argumentOf(records, 'user') ?? '',
    groups: firsts('group'),
    umask: argumentOf(records, 'umask') ?? '',
    hasTerminal: general.some(([op]) => op === 'terminal'),
    hasStdin: argumentOf(general, 'stdin') === 'open',
    hasInit: records.some(([op]) => op === 'reaper'),
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
