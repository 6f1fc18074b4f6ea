import type { ExecutionConfig, ImageConfig } from '../../oci/image-config.ts';
import type { HealthOptions } from '../options/create.ts';
import { executionConfig } from '../options/execution-config.ts';
import { mergeHealth } from '../options/health.ts';
import { endsOnce } from '../options/input.ts';
import type { ContainerRow } from '../store/containers.ts';
import { listOrNull, mapOf, mapOrNull, omitEmpty } from './go-json.ts';

const NS_PER_MS = 1e6;

/** `Config` of Docker's ContainerInspect: what the container was told to be, image and user together. */
export function containerConfig(row: ContainerRow, image: ImageConfig | undefined): object {
  const { process: asked, namespaces, stop } = row.options;
  const config = executionConfig(row.options, image);
  return configObject({
    hostname: namespaces.hostname ?? row.id.slice(0, 12),
    domainname: namespaces.domainname ?? '',
    stdin: asked.stdin === true,
    stdinOnce: endsOnce(asked),
    terminal: asked.terminal === true,
    attach: asked.attach ?? ['stdout', 'stderr', ...(asked.stdin ? ['stdin'] : [])],
    image: row.imageName,
    timeoutMs: stop.timeoutMs,
    health: mergeHealth(image, row.options.health),
    mac: row.options.network?.attachments[0]?.mac ?? '',
    emptyEntrypoint: asked.keepsCommand === true && asked.entrypoint?.length === 0,
    config: { ...config, Shell: row.options.shell },
  });
}

/** `Config` of Docker's ImageInspect: the defaults for containers, without what only containers have. */
export function imageConfigObject(image: ImageConfig): object {
  const config = configObject({
    hostname: '',
    domainname: '',
    stdin: false,
    stdinOnce: false,
    terminal: false,
    attach: [],
    image: '',
    timeoutMs: undefined,
    health: mergeHealth(image, undefined),
    mac: '',
    emptyEntrypoint: false,
    config: image.config,
  });
  return omitEmpty(config as Record<string, unknown>, ...OF_CONTAINERS);
}

const OF_CONTAINERS = [
  'Hostname',
  'Domainname',
  'AttachStdin',
  'AttachStdout',
  'AttachStderr',
  'Tty',
  'OpenStdin',
  'StdinOnce',
  'Image',
] as const;

interface ConfigParts {
  hostname: string;
  domainname: string;
  stdin: boolean;
  stdinOnce: boolean;
  terminal: boolean;
  /** The streams that its creator took part in. */
  attach: readonly string[];
  image: string;
  timeoutMs: number | undefined;
  health: HealthOptions | undefined;
  /** That its creator has chosen on the first of its networks. */
  mac: string;
  /** Whether its creator has said that there is none, by an empty list. */
  emptyEntrypoint: boolean;
  config: ExecutionConfig;
}

function configObject({ config, health, ...parts }: ConfigParts): object {
  return omitEmpty(
    {
      Hostname: parts.hostname,
      Domainname: parts.domainname,
      User: config.User ?? '',
      AttachStdin: parts.attach.includes('stdin'),
      AttachStdout: parts.attach.includes('stdout'),
      AttachStderr: parts.attach.includes('stderr'),
      ExposedPorts: setOf(config.ExposedPorts),
      Tty: parts.terminal,
      OpenStdin: parts.stdin,
      StdinOnce: parts.stdinOnce,
      Env: listOrNull(config.Env),
      Cmd: listOrNull(config.Cmd),
      Healthcheck: health === undefined ? null : healthcheckObject(health),
      ArgsEscaped: config.ArgsEscaped === true,
      Image: parts.image,
      Volumes: mapOrNull(setOf(config.Volumes)),
      WorkingDir: config.WorkingDir ?? '',
      Entrypoint: parts.emptyEntrypoint ? [] : listOrNull(config.Entrypoint),
      NetworkDisabled: false,
      MacAddress: parts.mac,
      OnBuild: listOrNull(config.OnBuild),
      Labels: parts.image === '' ? mapOrNull(config.Labels) : mapOf(config.Labels),
      StopSignal: config.StopSignal ?? '',
      StopTimeout: parts.timeoutMs === undefined ? null : Math.round(parts.timeoutMs / 1000),
      Shell: config.Shell ?? [],
    },
    'ExposedPorts',
    'Healthcheck',
    'ArgsEscaped',
    'NetworkDisabled',
    'MacAddress',
    'StopSignal',
    ...(parts.timeoutMs === undefined ? (['StopTimeout'] as const) : []),
    'Shell',
  );
}

/** Durations are nanoseconds; what nobody said is left out. */
function healthcheckObject(health: HealthOptions): object {
  const duration = (ms = 0) => ms * NS_PER_MS;
  return omitEmpty(
    {
      Test: health.test ?? [],
      Interval: duration(health.intervalMs),
      Timeout: duration(health.timeoutMs),
      StartPeriod: duration(health.startPeriodMs),
      StartInterval: duration(health.startIntervalMs),
      Retries: health.retries ?? 0,
    },
    'Test',
    'Interval',
    'Timeout',
    'StartPeriod',
    'StartInterval',
    'Retries',
  );
}

/** `{"80/tcp": {}}` */
function setOf(members: Readonly<Record<string, object>> | undefined): Record<string, object> {
  return mapOf(members);
}
