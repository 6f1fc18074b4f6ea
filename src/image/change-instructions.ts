import { EngineError } from '../errors.ts';
import type { ExecutionConfig } from '../oci/image-config.ts';
import { exposedPorts } from './expose.ts';
import { healthInstruction } from './health-instruction.ts';
import { execForm, shellOrExec } from './instruction-forms.ts';
import { expandWord, splitWords } from './instruction-words.ts';

/** What an instruction does to the config, which is a copy. `rest` is what stands behind its name. */
type Instruction = (config: ExecutionConfig, rest: string, state: State) => void;

interface State {
  /** CMD stood among the instructions: ENTRYPOINT leaves it alone then. */
  commandGiven: boolean;
}

/** Those that Docker takes with `--change`. */
const INSTRUCTIONS: Readonly<Record<string, Instruction>> = {
  CMD: (config, rest, state) => {
    config.Cmd = shellOrExec(rest, config.Shell);
    state.commandGiven = true;
  },
  ENTRYPOINT: (config, rest, state) => {
    const words = rest === '' ? [] : shellOrExec(rest, config.Shell);
    config.Entrypoint = words;
    // The image's command was one for another entrypoint.
    if (!state.commandGiven) config.Cmd = undefined;
  },
  ENV: (config, rest) => {
    const given = pairs('ENV', rest, config);
    const kept = new Map((config.Env ?? []).map((entry) => [entry.split('=')[0] as string, entry]));
    for (const [name, value] of given) kept.set(name, `${name}=${value}`);
    config.Env = [...kept.values()];
  },
  EXPOSE: (config, rest) => {
    const words = someWords('EXPOSE', rest).map((word) => expandWord(word, variablesOf(config)));
    config.ExposedPorts = { ...config.ExposedPorts, ...setOf(words.flatMap(exposedPorts)) };
  },
  HEALTHCHECK: (config, rest) => {
    config.Healthcheck = healthInstruction(rest);
  },
  LABEL: (config, rest) => {
    config.Labels = { ...config.Labels, ...Object.fromEntries(pairs('LABEL', rest, config)) };
  },
  ONBUILD: (config, rest) => {
    const trigger = /^\S*/.exec(rest)?.[0].toUpperCase() ?? '';
    if (trigger === '') throw wrong('ONBUILD needs an instruction');
    if (['ONBUILD', 'FROM', 'MAINTAINER'].includes(trigger))
      throw wrong(`${trigger} cannot be the instruction of an ONBUILD`);
    config.OnBuild = [...(config.OnBuild ?? []), rest];
  },
  USER: (config, rest) => {
    config.User = oneArgument('USER', rest, config);
  },
  VOLUME: (config, rest) => {
    const words = execForm(rest) ?? splitWords(rest);
    if (words.length === 0) throw wrong('VOLUME needs a path');
    const paths = words.map((word) => expandWord(word, variablesOf(config)));
    if (paths.some((path) => path.trim() === '')) throw wrong('a VOLUME cannot be an empty path');
    config.Volumes = { ...config.Volumes, ...setOf(paths) };
  },
  WORKDIR: (config, rest) => {
    const path = oneArgument('WORKDIR', rest, config);
    config.WorkingDir = path.startsWith('/') ? path : joined(config.WorkingDir ?? '', path);
  },
};

/**
 * Applies instructions of a Dockerfile to a config, as `--change` of commit and import do: each text is one instruction, or
 * several on lines of their own. What is cleared by CMD and ENTRYPOINT without words is the config's own again, as with
 * Docker. Throws `invalid` for what is no instruction, or not one that may stand here.
 */
export function changeConfig(config: ExecutionConfig, changes: readonly string[]): ExecutionConfig {
  const changed = { ...config };
  const state = { commandGiven: false };
  for (const change of changes) {
    const lines = instructionLines(change);
    if (lines.length === 0) throw wrong(`the change "${change}" has no instruction`);
    for (const line of lines) apply(changed, line, state);
  }
  if (!changed.Entrypoint?.length) {
    if (!changed.Cmd?.length) changed.Cmd = config.Cmd;
    changed.Entrypoint = config.Entrypoint;
  }
  changed.Healthcheck = mergedHealth(changed.Healthcheck, config.Healthcheck);
  return changed;
}

function apply(config: ExecutionConfig, line: string, state: State): void {
  const [, name = '', rest = ''] = /^(\S+)\s*(.*?)\s*$/s.exec(line) ?? [];
  const instruction = Object.hasOwn(INSTRUCTIONS, name.toUpperCase())
    ? INSTRUCTIONS[name.toUpperCase()]
    : undefined;
  if (instruction === undefined) {
    throw new EngineError('invalid', `${name.toLowerCase()} is not a valid change command`, {
      subject: name,
      hint: `a change is one of ${Object.keys(INSTRUCTIONS).join(', ')}`,
    });
  }
  const allowsFlags = name.toUpperCase() === 'HEALTHCHECK' || name.toUpperCase() === 'ONBUILD';
  const flag = allowsFlags ? undefined : /^--([^\s=]+)/.exec(rest)?.[1];
  if (flag !== undefined) throw wrong(`${name.toUpperCase()} has no flag --${flag}`);
  instruction(config, rest, state);
}

/** Lines that a backslash joins are one; comments and empty lines are none. */
function instructionLines(text: string): string[] {
  const lines: string[] = [];
  let joinedLine = '';
  for (const line of text.split('\n')) {
    if (/^\s*(#|$)/.test(line)) continue;
    const continued = /^(.*?)\\[ \t]*$/s.exec(line);
    joinedLine += continued?.[1] ?? line;
    if (continued !== null) continue;
    lines.push(joinedLine.trim());
    joinedLine = '';
  }
  if (joinedLine.trim() !== '') lines.push(joinedLine.trim());
  return lines;
}

/** `NAME=VALUE…`, or the old form `NAME VALUE`, whose value is the rest of the line. */
function pairs(instruction: string, rest: string, config: ExecutionConfig): [string, string][] {
  const expand = (text: string) => expandWord(text, variablesOf(config));
  const words = someWords(instruction, rest);
  if (!words[0]?.includes('=')) {
    const [, name, value] = /^(\S+)\s+(.+)$/s.exec(rest) ?? [];
    if (name === undefined || value === undefined) throw wrong(`${instruction} needs a name and a value`);
    return [[expand(name), expand(value)]];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0) throw wrong(`${instruction} has "${word}" where NAME=VALUE is wanted`);
    const name = expand(word.slice(0, equals));
    if (name === '') throw wrong(`${instruction} has a value without a name`);
    return [name, expand(word.slice(equals + 1))];
  });
}

function someWords(instruction: string, rest: string): string[] {
  const words = splitWords(rest);
  if (words.length === 0) throw wrong(`${instruction} needs an argument`);
  return words;
}

function oneArgument(instruction: string, rest: string, config: ExecutionConfig): string {
  if (rest === '') throw wrong(`${instruction} needs exactly one argument`);
  return expandWord(rest, variablesOf(config));
}

function variablesOf({ Env = [] }: ExecutionConfig): (name: string) => string | undefined {
  return (name) => Env.findLast((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** As a shell would go there. */
function joined(from: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${from}/${path}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** What a new check does not say stays as it was. */
function mergedHealth(
  given: ExecutionConfig['Healthcheck'],
  before: ExecutionConfig['Healthcheck'],
): ExecutionConfig['Healthcheck'] {
  if (given === undefined || before === undefined) return given ?? before;
  const said = Object.entries(given).filter(([, value]) => value !== undefined && value !== 0);
  return { ...before, ...Object.fromEntries(said) };
}

function setOf(members: readonly string[]): Record<string, object> {
  return Object.fromEntries(members.map((member) => [member, {}]));
}

function wrong(message: string): EngineError {
  return new EngineError('invalid', message);
}
