import { EngineError } from '../errors.ts';
import { macOfAddress4 } from './address/mac.ts';

/** Throws `invalid` for what the kernel does not take as an interface's name, or what means something else to sysctl. */
export function checkInterfaceName(name: string): void {
  if (
    /^[^\s/:]+$/.test(name) &&
    Buffer.byteLength(name) <= 15 &&
    name !== '.' &&
    name !== '..' &&
    name !== 'lo' &&
    name !== 'all' &&
    name !== 'default'
  )
    return;
  throw new EngineError('invalid', `"${name}" cannot be the name of an interface`, {
    subject: name,
    hint: 'at most 15 bytes, without blanks, slashes and colons',
  });
}

/** The host's end of a container's pair of interfaces: 15 bytes at most, of this container alone. */
export function hostInterface(containerId: string, interfaceName: string): string {
  const digits = /^eth(\d{1,2})$/.exec(interfaceName)?.[1] ?? hashed(interfaceName);
  return `sk${containerId.slice(0, 10)}-${digits}`;
}

/** The MAC address of a container's end: of its IPv4 address, else of what does not change while the container is there. */
export function macOf(containerId: string, interfaceName: string, address4: string | undefined): string {
  if (address4 !== undefined) return macOfAddress4(address4);
  const digits = `${hashed(interfaceName).charCodeAt(1).toString(16)}${containerId}`.slice(0, 10);
  return `02:${digits.match(/../g)?.join(':')}`;
}

/** Two letters for a name that is not one of the usual. */
function hashed(name: string): string {
  let sum = 0;
  for (const byte of Buffer.from(name)) sum = (sum * 31 + byte) % 676;
  return String.fromCharCode(97 + Math.floor(sum / 26), 97 + (sum % 26));
}
