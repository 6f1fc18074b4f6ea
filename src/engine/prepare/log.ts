import type { LogSubject } from '../../runtime/log/tag.ts';
import type { LogSettings } from '../../runtime/options.ts';
import type { LogOptions } from '../options/create.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { Context } from '../store/context.ts';

/** Logs rotate by default: Docker's grow without end. */
const ROTATION = { maxBytes: 10_000_000, maxFiles: 3 };

/**
 * Returns the settings of a container's log; undefined with driver `none`. Only what somebody asked for is looked into,
 * as most containers ask for nothing. Throws `invalid` or `unsupported` for a driver or an option that there is not,
 * `notFound` for a host of syslog that has no address.
 */
export async function prepareLogs(
  context: Context,
  options: LogOptions | undefined,
  subject: LogSubject,
): Promise<LogSettings | undefined> {
  const file = containerPaths(context.paths, subject.id).log;
  if (options === undefined) return { driver: 'json-file', path: file, ...ROTATION, attributes: {} };
  const { logSettings } = await import('../../runtime/log/options.ts');
  const settings = logSettings(options, subject, {
    file,
    ...ROTATION,
    compress: context.ownCommand('compress-log'),
  });
  return settings?.driver === 'syslog' ? await withNumericHost(settings) : settings;
}

/** Looks up the server's name in a log's address, as the helper connects to numbers only; done at each start. */
async function withNumericHost(settings: LogSettings): Promise<LogSettings> {
  const [, protocol, host = '', port] = /^(tcp|udp):\/\/\[?([^\]]*?)\]?:(\d+)$/.exec(settings.path) ?? [];
  if (protocol === undefined) return settings;
  const { resolveHost } = await import('../../host/resolve-host.ts');
  const { address, family } = await resolveHost(host);
  return { ...settings, path: `${protocol}://${family === 6 ? `[${address}]` : address}:${port}` };
}
