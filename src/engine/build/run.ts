import type { RunStep } from '../../build/stages/step.ts';
import { EngineError } from '../../errors.ts';
import type { CreateOptions } from '../options/create.ts';
import { chainOf } from './built-stage.ts';
import type { StepKey } from './cache.ts';
import { FailedCommand } from './failed-command.ts';
import { keepFailedRun } from './failed-run.ts';
import type { BuildOptions, Entitlement } from './options.ts';
import type { PreparedStep } from './prepared-step.ts';
import { prepareMounts } from './run-mounts.ts';
import { type EndedStep, runStep, type StepOptions } from './run-step.ts';
import type { StageAt } from './stage.ts';

/** As in BuildKit: the same name wherever it is built. */
const HOSTNAME = 'buildkitsandbox';

/** Prepares a RUN: what it mounts is found, and nothing is started. */
export async function prepareRun(at: StageAt, step: RunStep): Promise<PreparedStep> {
  const { build, stage } = at;
  const { context, options, signal } = build.parts;
  const { os, architecture, variant } = stage.state.config;
  const settings = { ...stepOptions(step, options), platform: { os, architecture, variant } };
  const mounts = await prepareMounts(build, step.mounts);
  const { argv, environment, proxies, user, workingDirectory, security, files } = step;
  const key: StepKey = {
    kind: 'run',
    description: step.text,
    parts: {
      below: chainOf(stage) ?? null,
      command: argv,
      environment,
      user,
      directory: workingDirectory,
      mounts: mounts.parts,
      network: settings.namespaces.network === 'networks' ? settings.network : settings.namespaces.network,
      security,
      files,
      // Absent where there are none: then the key is that of every build without.
      ...(options.steps.mounts === undefined ? {} : { volumes: options.steps.mounts }),
    },
  };
  const volumes = (options.steps.mounts ?? []).map(({ target }) => target);
  return {
    key,
    perform: async (task, finish) => {
      const held = await mounts.hold({ files, proxies });
      let isKept = false;
      try {
        const layers = stage.layers.map(({ chainID }) => chainID);
        const container = { layers, options: settings, extras: held.extras };
        const following = {
          onOutput: (bytes: Uint8Array, stream: 'stdout' | 'stderr') => task.output(bytes, stream),
          tmp: build.parts.workspace.tmp,
          signal,
        };
        return await runStep(context, container, following, async (ended) => {
          if (ended.code === 0) {
            const really = { ...key, parts: { ...key.parts, mounts: held.parts } };
            return await finish(
              { upper: ended.upper, ran: true, mounts: [...held.targets, ...volumes] },
              really,
            );
          }
          const cause = stepFailed(step, ended, options);
          if (options.onFailedRun !== undefined) {
            build.parts.work.keepFailure({ cause, openShell: keepFailedRun(at, { ended, container }), held });
            isKept = true;
          }
          throw cause;
        });
      } finally {
        if (!isKept) await held[Symbol.asyncDispose]();
      }
    },
  };
}

function stepOptions(step: RunStep, { steps, allow = [] }: BuildOptions): StepOptions {
  const { argv, environment, user, workingDirectory, security } = step;
  const { resources = {}, rlimits, shmSize } = steps;
  if (security === 'insecure') requireEntitlement(allow, 'security.insecure', '--security=insecure');
  return {
    process: {
      entrypoint: [],
      command: [...argv],
      env: [...environment],
      cwd: workingDirectory,
      user: user ?? '',
      ...(rlimits === undefined ? {} : { rlimits: [...rlimits] }),
    },
    ...networkOptions(step, steps, allow),
    security: security === 'insecure' ? { privileged: true } : {},
    resources,
    files: { shmSize },
    ...(steps.mounts === undefined ? {} : { mounts: [...steps.mounts] }),
  };
}

function networkOptions(
  { network }: RunStep,
  { network: usual = 'default', extraHosts = [] }: BuildOptions['steps'],
  allow: readonly Entitlement[],
): Pick<StepOptions, 'namespaces' | 'network'> {
  const wanted = network === 'default' ? usual : network;
  if (network === 'host') requireEntitlement(allow, 'network.host', '--network=host');
  const hosts = extraHosts.length === 0 ? {} : { extraHosts: [...extraHosts] };
  const namespaces = { hostname: HOSTNAME } as const;
  if (wanted === 'none' || wanted === 'host') {
    const options: CreateOptions['network'] = { attachments: [], ...hosts };
    return { namespaces: { ...namespaces, network: wanted }, network: options };
  }
  const attachments = [{ network: wanted === 'default' ? 'bridge' : wanted }];
  return { namespaces: { ...namespaces, network: 'networks' }, network: { attachments, ...hosts } };
}

function requireEntitlement(allow: readonly Entitlement[], entitlement: Entitlement, flag: string): void {
  if (allow.includes(entitlement)) return;
  throw new EngineError('denied', `${flag} is not allowed in this build`, {
    subject: flag,
    hint: `whoever trusts the Dockerfile allows it with --allow ${entitlement}`,
  });
}

/** BuildKit's words, and why, where the engine knows that. */
function stepFailed(
  { argv }: RunStep,
  { code, oom, failure }: EndedStep,
  options: BuildOptions,
): EngineError {
  const what = `process "${argv.join(' ')}" did not complete successfully`;
  if (failure !== undefined)
    return new EngineError(failure.kind ?? 'unavailable', `${what}: ${failure.message}`, {
      hint: failure.hint,
    });
  const cause = new FailedCommand(argv, code);
  if (!oom) return new EngineError('unavailable', `${what}: exit code: ${code}`, { cause });
  const { memory } = options.steps.resources ?? {};
  const limit = memory === undefined ? '' : ` of ${memory} bytes`;
  return new EngineError(
    'unavailable',
    `${what}: exit code: ${code}: the kernel killed it for want of memory`,
    {
      hint:
        memory === undefined
          ? 'it takes more memory than there is'
          : `give it more than the limit${limit}, with -m`,
      cause,
    },
  );
}
