import type { Command } from 'commander';
import { EngineError } from '../../../errors.ts';
import { duration } from '../../../grammar/duration.ts';
import {
  ACTIVATION_VARIABLES,
  inheritedSockets,
  parseListenAddress,
} from '../../../grammar/listen-address.ts';
import type { ListenAddress } from '../../../host/listen.ts';
import type { CertificateFiles } from '../../../host/server-certificates.ts';
import { API_SOCKET } from '../../command/api-socket.ts';
import { interruptible } from '../../command/interruptible.ts';
import type { Session } from '../../command/session.ts';
import { environment, keepFromChildren } from '../../command/settings.ts';
import { exitWhenWritten, stayWithoutReader } from '../../output/print.ts';
import { tell } from '../../output/tell.ts';

interface Flags {
  host?: string[];
  idleTimeout?: number;
  tlsverify?: true;
  tlscacert?: string;
  tlscert?: string;
  tlskey?: string;
}

/** ms: a service that was started because somebody asked goes when nobody does. */
const IDLE_MS = 30_000;

const EXAMPLES = `
Examples:
  skiff system service                                 on /run/skiff/docker.sock, until Ctrl-C
  skiff system service -H unix:///run/docker.sock --idle-timeout 1m
  DOCKER_HOST=unix:///run/skiff/docker.sock docker ps  a client of it
  skiff system service -H tcp://0.0.0.0:2376 --tlsverify --tlscacert ca.pem --tlscert cert.pem --tlskey key.pem
  skiff system unit --api                              started by systemd when somebody asks`;

export function define(command: Command, session: () => Session): void {
  command
    .option(
      '-H, --host <address>',
      `where to listen: unix://PATH, fd:// or fd://NAME of a socket that was passed on, or tcp://127.0.0.1:PORT (default: "unix://${API_SOCKET}"; repeatable)`,
      (value: string, before: string[] = []) => [...before, value],
    )
    .option(
      '--idle-timeout <duration>',
      'end when there was no request for so long; 0: never (default: 30s by systemd, else 0)',
      duration('--idle-timeout'),
    )
    .option(
      '--tls-verify, --tlsverify',
      'speak TLS on tcp://, with clients whose certificate --tlscacert vouches for',
    )
    .option('--tlscacert <file>', 'who vouches for clients (PEM)')
    .option('--tlscert <file>', 'the certificate of the service (PEM)')
    .option('--tlskey <file>', 'the key of --tlscert (PEM)')
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => runService(session(), flags));
}

async function runService(session: Session, flags: Flags): Promise<void> {
  const { host, idleTimeout } = flags;
  const files = certificateFiles(flags);
  const given = inheritedSockets(environment());
  const addresses =
    host === undefined
      ? usual(given)
      : host.flatMap((each) => parseListenAddress(each, environment(), files !== undefined));
  if (files !== undefined && !addresses.some(({ kind }) => kind === 'tcp'))
    throw new EngineError('invalid', '--tlsverify is for tcp:// addresses, and none is given with -H');
  const { exposedFiles, readServerCertificates } = await import('../../../host/server-certificates.ts');
  const certificates = files === undefined ? undefined : readServerCertificates(files);
  for (const sentence of files === undefined ? [] : exposedFiles(files)) tell(`skiff: ${sentence}`);
  for (const sentence of openAddresses(addresses)) tell(`skiff: ${sentence}`);
  // They are for this process, and for none that it starts.
  keepFromChildren(...ACTIVATION_VARIABLES);
  const engine = await session.engine({ stays: true });
  const { serve } = await import('../../../api/service.ts');
  stayWithoutReader();
  await interruptible(
    (signal) =>
      serve(engine, {
        addresses,
        certificates,
        idleMs: idleTimeout ?? (given.length > 0 ? IDLE_MS : 0),
        listening: {
          directory: engine.runtimeDirectory(),
          alone: (file, use) => engine.alone(file, use, signal),
        },
        whenReady: (names) => {
          for (const name of names) tell(`skiff: answering Docker's API on ${name}`);
        },
        warn: (problem) => tell(`skiff: ${problem instanceof Error ? problem.stack : String(problem)}`),
        signal,
      }),
    ['SIGHUP'],
  );
  session.close();
  // What was cut may still be waiting for what nobody sends.
  exitWhenWritten(0);
}

/** Docker's options of TLS; the client's side of them is DOCKER_TLS_VERIFY and DOCKER_CERT_PATH. */
function certificateFiles({ tlsverify, tlscacert, tlscert, tlskey }: Flags): CertificateFiles | undefined {
  if (tlsverify === true && tlscacert !== undefined && tlscert !== undefined && tlskey !== undefined)
    return { authority: tlscacert, certificate: tlscert, key: tlskey };
  if (tlsverify === true)
    throw new EngineError('invalid', '--tlsverify takes --tlscacert, --tlscert and --tlskey');
  if (tlscacert ?? tlscert ?? tlskey)
    throw new EngineError('invalid', 'certificates are used with --tlsverify alone', {
      hint: 'without it whoever reaches the service is root here',
    });
  return undefined;
}

/** TCP knows no users: unlike a socket it has no mode. */
function openAddresses(addresses: readonly ListenAddress[]): string[] {
  return addresses.flatMap((address) =>
    address.kind === 'tcp' && !address.tls
      ? [
          `whoever reaches tcp://${address.host} is root here: every user of this host, and containers on its network`,
        ]
      : [],
  );
}

function usual(given: ListenAddress[]): ListenAddress[] {
  return given.length > 0 ? given : [{ kind: 'unix', path: API_SOCKET }];
}
