import type { ExecutionConfig, Healthcheck, ImageConfig } from '../../oci/image-config.ts';
import type { CreateOptions, HealthOptions } from './create.ts';
import { exposedPortNames } from './exposed-ports.ts';
import { mergeHealth } from './health.ts';
import { anonymousVolumes } from './mounts.ts';
import { commandOf, mergeEnvironment, workingDirectory } from './process.ts';

const NS_PER_MS = 1e6;

/**
 * What a container was told to be, image and user together, in the words of an image: what Docker keeps as its `Config`, and
 * what an image of it begins with. ONBUILD was the image's alone. `image` is undefined once nobody knows it any more.
 */
export function executionConfig(options: CreateOptions, image: ImageConfig | undefined): ExecutionConfig {
  const config = image?.config ?? {};
  const { process: asked, stop, labels } = options;
  const command = commandOf(asked, config);
  return {
    ...config,
    OnBuild: undefined,
    User: asked.user ?? config.User,
    ExposedPorts: setOf(exposedPortNames(options, image)),
    Volumes: setOf(Object.keys({ ...config.Volumes, ...anonymousVolumes(options.mounts) })),
    Env: mergeEnvironment(config.Env ?? [], asked.env ?? []),
    Cmd: command.length > 0 ? command : undefined,
    Entrypoint: asked.entrypoint ?? config.Entrypoint,
    WorkingDir: workingDirectory(asked, config),
    Labels: { ...config.Labels, ...labels },
    StopSignal: stop.signal || config.StopSignal,
    Healthcheck: healthcheck(mergeHealth(image, options.health)),
  };
}

function healthcheck(health: HealthOptions | undefined): Healthcheck | undefined {
  if (health === undefined) return undefined;
  const duration = (ms: number | undefined) => (ms === undefined ? undefined : ms * NS_PER_MS);
  return {
    Test: health.test,
    Interval: duration(health.intervalMs),
    Timeout: duration(health.timeoutMs),
    StartPeriod: duration(health.startPeriodMs),
    StartInterval: duration(health.startIntervalMs),
    Retries: health.retries,
  };
}

function setOf(members: readonly string[]): Record<string, object> | undefined {
  return members.length === 0 ? undefined : Object.fromEntries(members.map((member) => [member, {}]));
}
