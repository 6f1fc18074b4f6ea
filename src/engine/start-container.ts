import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Handover } from '../host/replace-process.ts';
import { hexOf } from '../oci/digest.ts';
import { parseImageConfig } from '../oci/image-config.ts';
import { planCgroup } from '../runtime/cgroup.ts';
import { readCgroupLayout } from '../runtime/cgroup-layout.ts';
import { readHostFacts } from '../runtime/host-facts.ts';
import type { ContainerOptions } from '../runtime/options.ts';
import { compilePlan } from '../runtime/plan.ts';
import { encodePlan } from '../runtime/plan-encode.ts';
import { cgroupName, createSpec } from '../runtime/spec.ts';
import { type ContainerRow, deleteContainer } from './container-store.ts';
import type { Context } from './context.ts';
import { diskError } from './create-container.ts';
import { defaultHostname, writeHostsFiles } from './hosts-files.ts';
import { imageById } from './image-store.ts';
import { mergeProcess } from './process-config.ts';
import { stopSettings } from './stop-settings.ts';

/** Logs rotate by default: three files of 10 MB. */
const LOG_MAX_BYTES = 10_000_000;
const LOG_MAX_FILES = 3;

/**
 * Plans the start of a container that was just created and writes the plan to RUN/ID. What is returned performs it.
 * When something cannot be planned nothing is left: neither files nor row.
 */
export function prepareStart(context: Context, row: ContainerRow, mode: 'attach' | 'detach'): Handover {
  const run = join(context.paths.run, row.id);
  const directory = join(context.paths.containers, row.id);
  try {
    const { helper } = context;
    const options = runtimeOptions(context, row, { run, directory });
    const plan = writePlan(context, row, options);
    return { file: helper, args: ['skiff-helper', 'run', plan, mode] };
  } catch (cause) {
    for (const path of [run, directory]) rmSync(path, { recursive: true, force: true });
    deleteContainer(context.database, row.id);
    throw (cause as NodeJS.ErrnoException).syscall === undefined
      ? cause
      : diskError(cause, context.paths.root);
  }
}

function writePlan(context: Context, row: ContainerRow, options: ContainerOptions): string {
  const { identity, rootfs, stdio, stop } = options;
  const spec = createSpec(options, readHostFacts());
  const cgroup = planCgroup(readCgroupLayout(), cgroupName(row.id), spec.linux.resources);
  const failure = [...context.self, '--root', context.paths.root, 'explain-failure', row.id];
  const plan = encodePlan(compilePlan(spec, { identity, rootfs, stdio, stop, cgroup, failure }));
  writeFileSync(join(identity.containerDir, 'config.json'), JSON.stringify(spec));
  for (const made of [identity.runDir, context.paths.gone]) mkdirSync(made, { recursive: true, mode: 0o700 });
  const file = join(identity.runDir, 'plan');
  writePlanFile(file, plan);
  return file;
}

/**
 * In one step, so that a plan that is there is complete: without one nothing was ever started. It need not survive a
 * power cut, and waiting for the disk would cost more than all the rest.
 */
function writePlanFile(file: string, plan: Uint8Array): void {
  const draft = `${file}.draft`;
  writeFileSync(draft, plan, { mode: 0o600 });
  renameSync(draft, file);
}

function runtimeOptions(
  context: Context,
  row: ContainerRow,
  { run, directory }: { run: string; directory: string },
): ContainerOptions {
  const { options } = row;
  const { network } = options.isolation;
  const hostname = options.isolation.hostname ?? defaultHostname(network, row.id);
  const { paths } = context;
  return {
    identity: {
      id: row.id,
      runDir: run,
      containerDir: directory,
      autoRemove: row.autoRemove && { goneMark: join(paths.gone, row.id), trash: paths.trash },
    },
    process: mergeProcess(imageConfigOf(context, row), options.process, row.imageName),
    rootfs: {
      lowers: row.layers.map((chainID) => join(paths.layers, hexOf(chainID))).reverse(),
      upper: join(directory, 'upper'),
      work: join(directory, 'work'),
      mountPoint: join(directory, 'rootfs'),
      readOnly: options.isolation.readOnly,
    },
    files: writeHostsFiles(directory, network, hostname),
    isolation: { hostname, network },
    resources: options.resources,
    stdio: {
      stdin: options.process.stdin,
      logPath: join(directory, 'log'),
      logMaxBytes: LOG_MAX_BYTES,
      logMaxFiles: LOG_MAX_FILES,
    },
    stop: stopSettings(context, row),
  };
}

function imageConfigOf(context: Context, row: ContainerRow) {
  const image = imageById(context.database, row.imageId);
  return parseImageConfig(Buffer.from(image?.config ?? '{}'));
}
