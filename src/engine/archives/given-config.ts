import type { ExecutionConfig } from '../../oci/image-config.ts';
import { mergeEnvironment } from '../options/process.ts';

/**
 * Returns the config of an image whose maker has given one, over that of the container, as Docker's commit does it: members
 * that are empty say nothing; sets, labels and variables are joined. A command that is given without an entrypoint keeps that
 * of the container, and an entrypoint without a command has none.
 */
export function withGiven(config: ExecutionConfig, given: ExecutionConfig): ExecutionConfig {
  const said = Object.entries(given).filter(([, value]) => !isEmpty(value));
  const own = given.Entrypoint?.length ? { Cmd: given.Cmd } : {};
  return {
    ...config,
    ...(Object.fromEntries(said) as ExecutionConfig),
    ...own,
    ExposedPorts: joined(config.ExposedPorts, given.ExposedPorts),
    Volumes: joined(config.Volumes, given.Volumes),
    Labels: joined(config.Labels, given.Labels),
    Env: given.Env?.length ? mergeEnvironment(config.Env ?? [], given.Env) : config.Env,
    Healthcheck: joined(config.Healthcheck, withoutEmpty(given.Healthcheck)),
  };
}

function joined<Members extends object>(one?: Members, other?: Members): Members | undefined {
  return one === undefined || other === undefined ? (other ?? one) : { ...one, ...other };
}

function withoutEmpty<Members extends object>(members: Members | undefined): Members | undefined {
  if (members === undefined) return undefined;
  return Object.fromEntries(Object.entries(members).filter(([, value]) => !isEmpty(value))) as Members;
}

function isEmpty(value: unknown): boolean {
  return !value || (typeof value === 'object' && Object.keys(value).length === 0);
}
