import { EngineError } from '../../errors.ts';
import type { Context } from '../store/context.ts';

/**
 * The text of a unit for systemd (systemd.service(5)) that brings containers back after a reboot and stops them before
 * one. It is only there for that: `KillMode=process`, as the containers that it started are no part of it. Throws
 * `unsupported` for a store or a program whose path no unit can name.
 */
export function systemdUnit(context: Context): string {
  const { paths } = context;
  return `[Unit]
Description=Containers of skiff that have a restart policy
Wants=network-online.target
After=network-online.target local-fs.target
RequiresMountsFor=${quoted(paths.root)}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${command(context, 'start-all')}
ExecStop=${command(context, 'stop-all')}
KillMode=process

[Install]
WantedBy=multi-user.target
`;
}

/** The units of `apiUnits`, each for a file of its own. */
export interface ApiUnits {
  socket: string;
  service: string;
}

/**
 * The texts of a socket (systemd.socket(5)) on which clients of Docker's Engine API are answered, and of the service that
 * systemd starts when one of them asks. What that starts outlives it: `KillMode=process`, and none of systemd's sandboxes,
 * which containers would be in, too. `group`: who may speak to it besides root. Throws as `systemdUnit`.
 */
export function apiUnits(context: Context, path: string, group: string | undefined): ApiUnits {
  const socket = `[Unit]
Description=Docker's Engine API by skiff

[Socket]
ListenStream=${path}
SocketMode=0660
${group === undefined ? '' : `SocketGroup=${group}\n`}DirectoryMode=0711
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
`;
  const service = `[Unit]
Description=Docker's Engine API by skiff
Requires=skiff-api.socket
After=skiff-api.socket network-online.target local-fs.target
RequiresMountsFor=${quoted(context.paths.root)}

[Service]
ExecStart=${command(context, 'service')}
KillMode=process
TasksMax=infinity
`;
  return { socket, service };
}

function command(context: Context, name: string): string {
  const [program = '', ...words] = context.ownCommandLine(['system', name]);
  return [quoted(program), ...words.map(argument)].join(' ');
}

/** An argument of a command line, in which `$` begins the name of a variable; in the program's path it does not. */
function argument(word: string): string {
  return quoted(word.replaceAll('$', '$$$$'));
}

/** Quotes a word of a unit's line: `%` begins a specifier everywhere, and blanks end the word. */
function quoted(word: string): string {
  if (/\p{Cc}/u.test(word)) {
    throw new EngineError(
      'unsupported',
      `no unit can name ${JSON.stringify(word)}: it has control characters`,
      {
        subject: word,
      },
    );
  }
  const escaped = word.replaceAll('%', '%%');
  return /^[^\s"'\\;]+$/.test(escaped) ? escaped : `"${escaped.replace(/(["\\])/g, '\\$1')}"`;
}
