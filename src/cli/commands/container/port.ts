import type { Command } from 'commander';
import type { ContainerPort } from '../../../engine/options/network.ts';
import { EngineError } from '../../../errors.ts';
import { bracketed } from '../../../network/address/address-text.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';

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

async function show(session: Session, name: string, port: string | undefined): Promise<void> {
  const wanted = port === undefined ? undefined : parsePort(port);
  const { containers } = await session.engine();
  const { ports } = await containers.networking(name);
  const published = ports.flatMap(({ host, ...own }) => (host === undefined ? [] : { own, host }));
  const chosen = published.filter(({ own }) => wanted === undefined || same(own, wanted));
  if (wanted !== undefined && chosen.length === 0) {
    const message = `container ${name} publishes no port ${wanted.containerPort}/${wanted.protocol}`;
    throw new EngineError('notFound', message, { subject: name });
  }
  const lines = chosen.map(({ own, host }) => {
    const place = `${bracketed(host.address)}:${host.port}`;
    return wanted === undefined ? `${own.containerPort}/${own.protocol} -> ${place}\n` : `${place}\n`;
  });
  print(lines.join(''));
}

type OwnPort = Omit<ContainerPort, 'host'>;

function same(a: OwnPort, b: OwnPort): boolean {
  return a.containerPort === b.containerPort && a.protocol === b.protocol;
}

function parsePort(text: string): OwnPort {
  const [, digits, protocol = 'tcp'] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  if (digits === undefined || Number(digits) > 65_535) {
    throw new EngineError('invalid', `invalid port: "${text}"`, {
      subject: text,
      hint: 'write a number, with /udp or /sctp when it is not TCP',
    });
  }
  return { containerPort: Number(digits), protocol: protocol as OwnPort['protocol'] };
}
