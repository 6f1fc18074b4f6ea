import { EngineError } from '../../errors.ts';
import { bracketed } from '../../network/address/address-text.ts';
import type { Protocol } from '../../network/address/definition.ts';
import { portHolder } from '../../network/ports/listeners.ts';

/**
 * Returns the error for a port of the host that could not be had, from the helper's words (`tcp 0.0.0.0 8080`): it
 * names who has the port, as far as that can be seen.
 */
export function portInUse(detail: string): EngineError {
  const [protocol = 'tcp', address = '', port = ''] = detail.split(' ');
  const holder = portHolder({ protocol: protocol as Protocol, address, port: Number(port) });
  const at = `${bracketed(address)}:${port}`;
  const who = holder === undefined ? 'in use' : `in use by ${holder.command} (pid ${holder.pid})`;
  return new EngineError('conflict', `port ${at}/${protocol} is ${who}`, {
    subject: at,
    failure: 'portInUse',
    hint: holder === undefined ? 'publish another one' : 'publish another one, or end that process',
  });
}
