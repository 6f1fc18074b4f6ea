import type { ExecutionConfig } from '../../oci/image-config.ts';
import type { Keyword } from '../dockerfile/instruction.ts';
import { triggerText } from '../dockerfile/trigger.ts';
import type { Evaluation } from './evaluation.ts';
import { exposed } from './expose.ts';
import { healthcheck, shownHealthcheck } from './health-instruction.ts';
import { pairs } from './pairs.ts';
import { joinedPath } from './paths.ts';
import { requireSignal } from './stop-signal.ts';

/** The shell of images that name none. */
const SHELL = ['/bin/sh', '-c'];

/** Changes a config, which is a copy, and says how the history tells it; undefined: it has no entry there. */
type ConfigInstruction = (config: ExecutionConfig, one: Evaluation) => string | undefined;

/**
 * What changes an image's config alone, for Dockerfiles and for `--change` alike. Throws `invalid` for what the instruction
 * cannot be.
 */
export const CONFIG_INSTRUCTIONS: Readonly<Partial<Record<Keyword, ConfigInstruction>>> = {
  CMD: (config, one) => {
    config.Cmd = commandWords(config, one);
    // Docker's images have had it ever since their words needed no more escaping.
    config.ArgsEscaped = true;
    return `CMD ${quoted(config.Cmd)}`;
  },
  ENTRYPOINT: (config, one) => {
    const words = commandWords(config, one);
    config.Entrypoint = words.length === 0 ? undefined : words;
    return `ENTRYPOINT ${quoted(words)}`;
  },
  ENV: (config, one) => {
    const given = pairs(one);
    config.Env = withVariables(config.Env, given);
    return `ENV ${shownPairs(given)}`;
  },
  EXPOSE: (config, one) => {
    const ports = exposed(one);
    config.ExposedPorts = { ...config.ExposedPorts, ...setOf(ports) };
    return `EXPOSE [${ports.join(' ')}]`;
  },
  HEALTHCHECK: (config, one) => {
    config.Healthcheck = healthcheck(one);
    return `HEALTHCHECK ${shownHealthcheck(config.Healthcheck)}`;
  },
  LABEL: (config, one) => {
    const given = pairs(one);
    config.Labels = { ...config.Labels, ...Object.fromEntries(given) };
    return `LABEL ${shownPairs(given)}`;
  },
  ONBUILD: (config, one) => {
    config.OnBuild = [...(config.OnBuild ?? []), triggerText(one.instruction)];
    return undefined;
  },
  SHELL: (config, one) => {
    const { words } = one.instruction;
    if (words === undefined || words.length === 0)
      throw one.wrong('SHELL needs a JSON list of words', { hint: 'such as SHELL ["/bin/bash", "-c"]' });
    config.Shell = [...words];
    return `SHELL [${words.join(' ')}]`;
  },
  STOPSIGNAL: (config, one) => {
    config.StopSignal = requireSignal(one, one.expand(one.instruction.rest));
    return `STOPSIGNAL ${config.StopSignal}`;
  },
  USER: (config, one) => {
    config.User = one.expand(one.instruction.rest);
    return `USER ${config.User}`;
  },
  VOLUME: (config, one) => {
    const paths = volumePaths(one);
    config.Volumes = { ...config.Volumes, ...setOf(paths) };
    return `VOLUME [${paths.join(' ')}]`;
  },
  WORKDIR: (config, one) => {
    config.WorkingDir = joinedPath(config.WorkingDir ?? '', one.expand(one.instruction.rest));
    return `WORKDIR ${config.WorkingDir}`;
  },
};

/** The words of an exec form; of a line, those of the config's shell and the line. */
export function commandWords(config: ExecutionConfig, { instruction }: Evaluation): string[] {
  return instruction.words === undefined ? shellWords(config, instruction.rest) : [...instruction.words];
}

/** What runs a line: the config's shell, and the line as its last word. */
export function shellWords({ Shell }: ExecutionConfig, line: string): string[] {
  return [...(Shell?.length ? Shell : SHELL), line];
}

/** Entries of an environment with those that are given, each in the place of the one that had its name. */
export function withVariables(
  environment: readonly string[] | undefined,
  given: readonly (readonly [string, string])[],
): string[] {
  const kept = new Map((environment ?? []).map((entry) => [entry.split('=')[0] as string, entry]));
  for (const [name, value] of given) kept.set(name, `${name}=${value}`);
  return [...kept.values()];
}

function volumePaths(one: Evaluation): string[] {
  const words = one.instruction.words ?? one.instruction.rest.split(/\s+/);
  if (words.length === 0) throw one.wrong('VOLUME needs a path');
  const paths = words.map((word) => one.expand(word.trim()));
  if (paths.some((path) => path.trim() === '')) throw one.wrong('a VOLUME cannot be an empty path');
  return paths;
}

function shownPairs(given: readonly (readonly [string, string])[]): string {
  return given.map(([name, value]) => `${name}=${value}`).join(' ');
}

/** As Go's %q writes a list. */
function quoted(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word)).join(' ')}]`;
}

function setOf(members: readonly string[]): Record<string, object> {
  return Object.fromEntries(members.map((member) => [member, {}]));
}
