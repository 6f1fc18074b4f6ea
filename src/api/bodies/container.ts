import type {
  CreateOptions,
  LogOptions,
  ProcessOptions,
  RestartPolicy,
} from '../../engine/options/create.ts';
import { parsePlatform } from '../../image/platform.ts';
import type { JsonObject } from '../http/json.ts';
import { attachedStreams } from './attached.ts';
import { environmentOf } from './environment.ts';
import { healthOptions } from './health.ts';
import {
  deviceOptions,
  fileOptions,
  namespaceOptions,
  resourceOptions,
  securityOptions,
} from './host-config.ts';
import { mountOptions } from './mounts.ts';
import { networking } from './networking.ts';
import { createOptionsFor } from './older-container.ts';
import { checkUnread, UNREAD_CONFIG, UNREAD_HOST_CONFIG } from './unread.ts';

/** What the address of a creation says besides its body. */
export interface CreateQuery {
  name: string | undefined;
  platform: string | undefined;
  /** The minor number of the version of the API that the client speaks. */
  version: number;
}

/**
 * Reads Docker's ContainerCreate: ContainerConfig with `HostConfig` and `NetworkingConfig`. Throws `invalid`, by the path of
 * the member.
 */
export function createOptionsOf(config: JsonObject, { name, platform, version }: CreateQuery): CreateOptions {
  const host = config.part('HostConfig');
  checkUnread(config, UNREAD_CONFIG);
  checkUnread(host, UNREAD_HOST_CONFIG);
  const image = config.text('Image');
  if (image === undefined) throw config.refusal('Image', 'no image is named');
  return createOptionsFor(version, {
    image,
    name: name?.replace(/^\//, ''),
    platform: platform === undefined ? undefined : parsePlatform(platform),
    process: processOptions(config, host),
    ...networking(config, host, { namespaces: namespaceOptions(config, host), version }),
    security: securityOptions(host),
    devices: deviceOptions(host),
    files: fileOptions(host),
    ...mountOptions(config, host),
    resources: resourceOptions(host),
    stop: {
      signal: config.text('StopSignal'),
      timeoutMs: inMilliseconds(config.number('StopTimeout')),
    },
    cidFile: host.text('ContainerIDFile'),
    autoRemove: host.flag('AutoRemove') === true,
    labels: config.map('Labels'),
    annotations: host.map('Annotations'),
    restart: unlessUsual(restartPolicy(host.object('RestartPolicy'))),
    log: logOptions(host.object('LogConfig')),
    health: healthOptions(config.object('Healthcheck')),
    shell: config.texts('Shell'),
  });
}

function processOptions(config: JsonObject, host: JsonObject): ProcessOptions {
  return {
    ...entrypointOf(config),
    command: config.words('Cmd'),
    env: environmentOf(config),
    cwd: config.text('WorkingDir'),
    user: config.text('User'),
    groups: host.texts('GroupAdd'),
    init: host.flag('Init'),
    oomScoreAdj: host.amount('OomScoreAdj'),
    rlimits: host.objects('Ulimits')?.map((limit) => ({
      name: limit.text('Name') ?? '',
      soft: limit.number('Soft') ?? 0,
      hard: limit.number('Hard') ?? limit.number('Soft') ?? 0,
    })),
    stdin: config.flag('OpenStdin'),
    stdinOnce: config.flag('StdinOnce') ?? false,
    terminal: config.flag('Tty'),
    attach: attachedStreams(config),
  };
}

/** An empty list has none, and keeps the image's command; `[""]`, as Docker's command line sends it, drops that, too. */
function entrypointOf(config: JsonObject): Pick<ProcessOptions, 'entrypoint' | 'keepsCommand'> {
  const entrypoint = config.words('Entrypoint');
  if (entrypoint?.length === 0) return { entrypoint, keepsCommand: true };
  return { entrypoint: entrypoint?.length === 1 && entrypoint[0] === '' ? [] : entrypoint };
}

function inMilliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

const RESTART_NAMES = ['no', 'always', 'unless-stopped', 'on-failure'] as const;

/** Also that of `update`. Without a name it says nothing, also where there is a number, as with Docker. */
export function restartPolicy(policy: JsonObject | undefined): RestartPolicy | undefined {
  const text = policy?.text('Name');
  if (policy === undefined || text === undefined) return undefined;
  const name = RESTART_NAMES.find((each) => each === text);
  if (name === undefined)
    throw policy.refusal('Name', `"${text}" is no restart policy`, `use ${RESTART_NAMES.join(', ')}`);
  return { name, maximum: policy.amount('MaximumRetryCount') };
}

function unlessUsual(policy: RestartPolicy | undefined): RestartPolicy | undefined {
  return policy?.name === 'no' && policy.maximum === undefined ? undefined : policy;
}

function logOptions(config: JsonObject | undefined): LogOptions | undefined {
  const driver = config?.text('Type');
  const options = config?.map('Config') ?? {};
  if (driver === undefined && Object.keys(options).length === 0) return undefined;
  return { driver: driver ?? 'json-file', options };
}
