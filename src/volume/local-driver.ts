import { EngineError } from '../errors.ts';

export type DriverOptions = Readonly<Record<string, string>>;

/**
 * What is mounted for a volume with options, as mount(2) wants it: `flags` are words of mount(8), `data` is for the file
 * system. A `bind` shows a path of the host.
 */
export type LocalMount =
  | { kind: 'bind'; source: string; recursive: boolean; flags: readonly string[] }
  | { kind: 'file-system'; type: string; device: string; flags: readonly string[]; data: readonly string[] };

/** What each option wants beside it, in Docker's order. */
const NEEDS: readonly (readonly [string, readonly string[]])[] = [
  ['device', ['type']],
  ['type', ['device']],
  ['o', ['device', 'type']],
];

const KNOWN = ['type', 'o', 'device', 'size'];

/** Throws `invalid` for options of the driver `local` that there are not, or that lack another, in Docker's words. */
export function checkLocalOptions(options: DriverOptions): void {
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) {
    throw new EngineError('invalid', `invalid option: "${unknown}"`, {
      subject: unknown,
      hint: 'the options of the driver local are type, device and o, as mount(8) has them',
    });
  }
  if (options['size'] !== undefined) {
    throw new EngineError('unsupported', 'quota size requested but no quota support', {
      subject: 'size',
      hint: 'a tmpfs has a size: -o type=tmpfs -o device=tmpfs -o o=size=100m',
    });
  }
  for (const [name, needed] of NEEDS) {
    if (options[name] === undefined) continue;
    for (const other of needed) {
      if (options[other] !== undefined) continue;
      throw new EngineError('invalid', `missing required option: "${other}"`, {
        subject: other,
        hint: 'type and device go together, as in -o type=tmpfs -o device=tmpfs',
      });
    }
  }
}

/** Of mount(8); those that take something back are the absence of the other. */
const FLAGS = new Set(['ro', 'nosuid', 'nodev', 'noexec', 'relatime', 'noatime', 'strictatime']);
const IMPLIED = new Set(
  ',defaults,rw,suid,dev,exec,async,atime,norelatime,_netdev,bind,rbind,private,rprivate'.split(','),
);

/**
 * What is mounted in the place of the volume's directory; undefined: nothing, it is the directory itself. Throws `invalid`
 * for a bind whose source is no absolute path, and for words that mean nothing for a bind.
 */
export function localMount(options: DriverOptions): LocalMount | undefined {
  const { type, device } = options;
  if (type === undefined || device === undefined) return undefined;
  const words = (options['o'] ?? '').split(',');
  const flags = words.filter((word) => FLAGS.has(word));
  const data = words.filter((word) => !FLAGS.has(word) && !IMPLIED.has(word));
  const bind = words.find((word) => word === 'bind' || word === 'rbind');
  if (bind === undefined)
    return {
      kind: 'file-system',
      type,
      device,
      flags,
      data: [...data, ...serverAddress(type, device, data)],
    };
  if (!device.startsWith('/')) throw noPath(device);
  if (data[0] !== undefined) throw meansNothing(data[0]);
  return { kind: 'bind', source: device, recursive: bind === 'rbind', flags };
}

function meansNothing(word: string): EngineError {
  return new EngineError('invalid', `the mount option "${word}" means nothing for a bind`, {
    subject: word,
    hint: `a bind takes ${[...FLAGS].join(', ')}`,
  });
}

function noPath(device: string): EngineError {
  return new EngineError('invalid', `the device ${device} of a bind is not an absolute path`, {
    subject: device,
  });
}

/** The kernel wants to be told the server's address: where `o` does not say it, it is in the device. */
function serverAddress(type: string, device: string, data: readonly string[]): string[] {
  if (data.some((word) => /^(addr|ip)=/.test(word))) return [];
  const host = /^nfs4?$/.test(type)
    ? /^(?:\[([^\]]+)\]|([^:]+)):/.exec(device)?.slice(1).find(Boolean)
    : /^(cifs|smb3)$/.test(type)
      ? /^\/\/([^/]+)\//.exec(device)?.[1]
      : undefined;
  return host === undefined ? [] : [`${/^nfs/.test(type) ? 'addr' : 'ip'}=${host}`];
}
