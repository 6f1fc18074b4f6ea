import { join } from 'node:path';
import type { Command } from 'commander';
import { duration } from '../../../grammar/duration.ts';
import { inheritedSockets, parseListenAddress } from '../../../grammar/listen-address.ts';
import type { ListenAddress } from '../../../host/listen.ts';
import { API_SOCKET } from '../../command/api-socket.ts';
import { interruptible } from '../../command/interruptible.ts';
import type { Session } from '../../command/session.ts';
import { environment } from '../../command/settings.ts';
import { exitWhenWritten } from '../../output/print.ts';
import { tell } from '../../output/tell.ts';

interface Flags {
  host?: string[];
  idleTimeout?: number;
}

/** ms: a service that was started because somebody asked goes when nobody does. */
const IDLE_MS = 30_000;

const EXAMPLES = `
Examples:
  skiff system service                                 on /run/skiff/docker.sock, until Ctrl-C
  skiff system service -H unix:///run/docker.sock --idle-timeout 1m
  DOCKER_HOST=unix:///run/skiff/docker.sock docker ps  a client of it
  skiff system unit --api                              started by systemd when somebody asks`;

export function define(command: Command, session: () => Session): void {
  command
    .option(
      '-H, --host <address>',
      `where to listen: unix://PATH, fd:// or tcp://127.0.0.1:PORT (default: "unix://${API_SOCKET}"; repeatable)`,
      (value: string, before: string[] = []) => [...before, value],
    )
    .option(
      '--idle-timeout <duration>',
      'end when there was no request for so long; 0: never (default: 30s by systemd, else 0)',
      duration('--idle-timeout'),
    )
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => runService(session(), flags));
}

async function runService(session: Session, { host, idleTimeout }: Flags): Promise<void> {
  const given = inheritedSockets(environment());
  const addresses =
    host === undefined ? usual(given) : host.flatMap((each) => parseListenAddress(each, environment()));
  // They are for this process, and for none that it starts.
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete process.env[name];
  const engine = await session.engine({ stays: true });
  const { serve } = await import('../../../api/service.ts');
  await interruptible((signal) =>
    serve(engine, {
      addresses,
      idleMs: idleTimeout ?? (given.length > 0 ? IDLE_MS : 0),
      scratch: join(engine.runtimeDirectory(), `api-${process.pid}.sock`),
      whenReady: (names) => {
        for (const name of names) tell(`skiff: answering Docker's API on ${name}`);
      },
      warn: (problem) => tell(`skiff: ${problem instanceof Error ? problem.stack : String(problem)}`),
      signal,
    }),
  );
  session.close();
  // What was cut may still be waiting for what nobody sends.
  exitWhenWritten(0);
}

function usual(given: ListenAddress[]): ListenAddress[] {
  return given.length > 0 ? given : [{ kind: 'unix', path: API_SOCKET }];
}
