import type { ExecutionConfig } from '../../oci/image-config.ts';

/** Where programs are looked for when an image does not say. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The variables of a config, by name; the last entry of a name counts. */
export function environmentOf({ Env = [] }: ExecutionConfig): Map<string, string> {
  return new Map(
    Env.map((entry) => {
      const equals = entry.indexOf('=');
      return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}
