import type { Command } from 'commander';
import { EngineError } from '../../errors.ts';
import type { Session } from '../session.ts';

const EXAMPLES = `
Examples:
  skiff port web            all of them
  skiff port web 80/tcp     where this one of the container's is published`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<container>', 'a name or an id')
    .argument('[port]', 'one of its own ports, as in 80 or 53/udp')
    .addHelpText('after', EXAMPLES)
    .action((container: string, port: string | undefined) => show(session(), container, port));
}

/** There are no bridge networks yet, so nothing can be published: whoever asks for all gets none. */
async function show(session: Session, name: string, port: string | undefined): Promise<void> {
  const { containers } = await session.engine();
  const { row } = await containers.get(name);
  if (port === undefined) return;
  const wanted = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(port);
  if (wanted === null || Number(wanted[1]) > 65_535) {
    throw new EngineError('invalid', `invalid port: "${port}"`, {
      subject: port,
      hint: 'write a number, with /udp or /sctp when it is not TCP',
    });
  }
  throw new EngineError(
    'notFound',
    `container ${row.name} publishes no port ${wanted[1]}/${wanted[2] ?? 'tcp'}`,
    {
      subject: row.name,
    },
  );
}
