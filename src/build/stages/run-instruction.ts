import type { ExecutionConfig } from '../../oci/image-config.ts';
import { heredocMarker } from '../dockerfile/heredocs.ts';
import { commandWords, shellWords } from './config-instructions.ts';
import type { Evaluation } from './evaluation.ts';
import { runMounts, type SourceOf } from './run-mounts.ts';
import type { RunMount, RunStep } from './step.ts';
import { stepText } from './step-text.ts';

/** Where a document that is a program of its own lies while it runs. */
const PROGRAMS = '/dev/pipes';

/** What a RUN is evaluated with. */
export interface RunOptions {
  config: ExecutionConfig;
  arguments: ReadonlyMap<string, string | undefined>;
  /** `NAME=value`. */
  proxies: readonly string[];
  sourceOf: SourceOf;
}

/** RUN. Variables are the shell's to expand, but for those in mounts. Throws `invalid`. */
export function runStep(one: Evaluation, options: RunOptions): RunStep {
  const { config } = options;
  const { argv, files } = command(one, config);
  if (argv.length === 0) throw one.wrong('RUN has no command');
  const workingDirectory = config.WorkingDir || '/';
  const mounts = runMounts(one, workingDirectory, options.sourceOf);
  return {
    kind: 'run',
    instruction: one.instruction,
    text: textOf(one, mounts),
    createdBy: `RUN ${[...shownArguments(one, options.arguments), ...argv].join(' ')} # buildkit`,
    argv,
    environment: [...one.environment].map(([name, value]) => `${name}=${value}`),
    proxies: options.proxies,
    user: config.User || undefined,
    workingDirectory,
    mounts,
    network: network(one),
    security: security(one),
    files,
  };
}

/**
 * A document alone is a script for the shell, or a program of its own when it begins with `#!`. With a command before it
 * documents are the shell's: it gets them in its own words.
 */
function command(one: Evaluation, config: ExecutionConfig): Pick<RunStep, 'argv' | 'files'> {
  const { rest, words, heredocs } = one.instruction;
  const [document] = heredocs;
  if (words !== undefined || document === undefined) return { argv: commandWords(config, one), files: [] };
  if (heredocMarker(rest) === undefined) {
    const lines = [rest, ...heredocs.map(({ source, name }) => source + name)];
    return { argv: shellWords(config, lines.join('\n')), files: [] };
  }
  const { name, content } = document;
  if (!content.startsWith('#!')) return { argv: shellWords(config, content), files: [] };
  const path = `${PROGRAMS}/${name}`;
  if (/[/\s]/.test(name)) throw one.wrong(`the document "${name}" cannot be the name of a program`);
  return { argv: shellWords(config, path), files: [{ path, content, mode: 0o755 }] };
}

/** With the first line of a document that is the command: its marker alone says nothing. */
function textOf(one: Evaluation, mounts: readonly RunMount[]): string {
  const hidden = mounts.flatMap((mount) => (mount.type === 'secret' ? [mount.environment ?? ''] : []));
  const text = stepText(one, { forShell: true, hidden });
  const [document] = one.instruction.heredocs;
  if (document === undefined || heredocMarker(one.instruction.rest) === undefined) return text;
  const [first = '', ...more] = document.content.trim().split(/\r?\n/);
  return `${text} (${first}${more.length > 0 ? '...' : ''})`;
}

/** `|2 A=1 B=2`, as the history has the arguments that a command has seen. */
function shownArguments(one: Evaluation, declared: ReadonlyMap<string, string | undefined>): string[] {
  if (declared.size === 0) return [];
  const shown = [...declared].map(([name, value]) => `${name}=${one.environment.get(name) ?? value ?? ''}`);
  return [`|${declared.size}`, ...shown];
}

function network(one: Evaluation): RunStep['network'] {
  const value = one.flag('network') ?? 'default';
  if (value === 'default' || value === 'none' || value === 'host') return value;
  throw one.wrong(`--network of RUN is default, none or host, not "${value}"`, { at: one.flagAt('network') });
}

function security(one: Evaluation): RunStep['security'] {
  const value = one.flag('security') ?? 'sandbox';
  if (value === 'sandbox' || value === 'insecure') return value;
  throw one.wrong(`--security of RUN is sandbox or insecure, not "${value}"`, { at: one.flagAt('security') });
}
