import type { ExecutionConfig } from '../../oci/image-config.ts';
import { JsonObject } from '../http/json.ts';
import type { Unread, UnreadMembers } from './unread.ts';

const OF_A_CONTAINER: Unread = { harmless: 'containers have it, and images give none to them' };

/** What of a ContainerConfig is not in an image. */
export const UNREAD_IMAGE_CONFIG: UnreadMembers = {
  Hostname: OF_A_CONTAINER,
  Domainname: OF_A_CONTAINER,
  AttachStdin: OF_A_CONTAINER,
  AttachStdout: OF_A_CONTAINER,
  AttachStderr: OF_A_CONTAINER,
  Tty: OF_A_CONTAINER,
  OpenStdin: OF_A_CONTAINER,
  StdinOnce: OF_A_CONTAINER,
  Image: OF_A_CONTAINER,
  NetworkDisabled: OF_A_CONTAINER,
  MacAddress: OF_A_CONTAINER,
  StopTimeout: OF_A_CONTAINER,
  ArgsEscaped: { harmless: 'images of Windows have it' },
};

/**
 * Reads the ContainerConfig that a commit gives its image: Docker's clients send none, an empty one, or that of the
 * container. Throws `invalid`.
 */
export function imageConfigOf(value: unknown): ExecutionConfig | undefined {
  if (value === undefined || value === null) return undefined;
  const config = new JsonObject(value);
  const health = config.object('Healthcheck');
  return {
    User: config.text('User'),
    ExposedPorts: setOf(config.names('ExposedPorts')),
    Env: config.texts('Env'),
    Entrypoint: config.words('Entrypoint'),
    Cmd: config.words('Cmd'),
    Volumes: setOf(config.names('Volumes')),
    WorkingDir: config.text('WorkingDir'),
    Labels: config.map('Labels'),
    StopSignal: config.text('StopSignal'),
    Shell: config.texts('Shell'),
    OnBuild: config.texts('OnBuild'),
    Healthcheck: health && {
      Test: health.texts('Test'),
      Interval: health.amount('Interval'),
      Timeout: health.amount('Timeout'),
      StartPeriod: health.amount('StartPeriod'),
      StartInterval: health.amount('StartInterval'),
      Retries: health.amount('Retries'),
    },
  };
}

function setOf(names: readonly string[] | undefined): Record<string, object> | undefined {
  return names === undefined ? undefined : Object.fromEntries(names.map((name) => [name, {}]));
}
