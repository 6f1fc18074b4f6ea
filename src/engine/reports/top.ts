import { readdirSync, readFileSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { isMissing } from '../../host/missing.ts';
import { parseStat } from '../../host/process.ts';
import { runProgram } from '../../host/run-program.ts';
import { appendContainerEvent } from '../events/journal.ts';
import { running } from '../state/observe.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { type ProcessTable, processTable } from './process-table.ts';

/**
 * The processes of a running container, with pids of the host. Without `options` the columns of `ps -ef`, read from
 * /proc; with options (those of ps(1)) what the host's ps says of them. Throws `conflict` when the container is not
 * running, `invalid` for options that ps refuses or that leave the pids out, `unsupported` without a ps.
 */
export async function containerTop(
  context: Context,
  row: ContainerRow,
  options: readonly string[],
): Promise<ProcessTable> {
  const { status } = await running(context, row);
  const pids = containerPids(row.id, status.record.init.pid);
  const table = await (options.length === 0 ? processTable(context.helper, pids) : askPs(pids, options));
  appendContainerEvent(context, row, 'top');
  return table;
}

/**
 * Everybody in the container's cgroup or in one below it. Where it has none, on hosts whose cgroups cannot be
 * written, its first process and all that descend from it.
 */
function containerPids(id: string, init: number): number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const inCgroup = pids.filter((pid) => isInCgroup(pid, `/skiff-${id}`));
  return inCgroup.length > 0 ? inCgroup : descendants(pids, init);
}

/** Lines of `hierarchy:controllers:path` (cgroups(7)). */
function isInCgroup(pid: number, directory: string): boolean {
  return (readProc(`${pid}/cgroup`) ?? '').split('\n').some((line) => `${line}/`.includes(`${directory}/`));
}

const PARENT = 1;

function descendants(pids: readonly number[], ancestor: number): number[] {
  const parents = new Map(
    pids.map((pid) => [pid, Number(parseStat(readProc(`${pid}/stat`) ?? '')?.[PARENT])]),
  );
  const found = new Set([ancestor]);
  for (const one of found) for (const [pid, parent] of parents) if (parent === one) found.add(pid);
  return pids.filter((pid) => found.has(pid));
}

/** Reads a process's file in /proc; undefined when the process is gone. */
function readProc(file: string): string | undefined {
  try {
    return readFileSync(`/proc/${file}`, 'latin1');
  } catch {
    return undefined;
  }
}

/**
 * Asks ps for the pids, as by itself it leaves out processes of other terminals; options that do not go with `-q`
 * choose for themselves.
 */
async function askPs(pids: readonly number[], options: readonly string[]): Promise<ProcessTable> {
  const output = await runPs([...options, '-q', pids.join()]).catch((error: unknown) => {
    if (error instanceof EngineError && error.kind === 'unsupported') throw error;
    return runPs(options);
  });
  return linesOf(output, new Set(pids), options);
}

async function runPs(options: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runProgram('ps', options).catch(explainMissingPs);
  if (code === 0) return stdout;
  const [said] = stderr.split('\n');
  throw new EngineError('invalid', `ps ${options.join(' ')}: ${said || 'failed'}`);
}

function explainMissingPs(cause: unknown): never {
  if (!isMissing(cause)) throw cause;
  throw new EngineError('unsupported', 'this host has no ps', {
    cause,
    hint: 'without options skiff needs none; Debian has it in procps',
  });
}

/** Returns the lines of ps that are of these processes. What overhangs the last title belongs to the last cell. */
function linesOf(output: string, pids: ReadonlySet<number>, options: readonly string[]): ProcessTable {
  const [header = '', ...lines] = output.split('\n');
  const titles = words(header);
  const column = titles.indexOf('PID');
  if (column < 0) {
    throw new EngineError('invalid', `ps ${options.join(' ')} does not tell the pids`, {
      hint: 'add the column pid, as in -o pid,cmd',
    });
  }
  const last = titles.length - 1;
  const processes = lines
    .map(words)
    .filter((cells) => pids.has(Number(cells[column])))
    .map((cells) => [...cells.slice(0, last), cells.slice(last).join(' ')]);
  return { titles, processes };
}

function words(line: string): string[] {
  return line.split(/\s+/).filter(Boolean);
}
