import type { ExecutionConfig } from '../../oci/image-config.ts';
import { JsonObject } from '../http/json.ts';

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
