import { EngineError } from '../../errors.ts';
import type { Context } from '../store/context.ts';

/**
 * The text of a unit for systemd (systemd.service(5)) that brings containers back after a reboot and stops them before
 * one. It is only there for that: `KillMode=process`, as the containers that it started are no part of it. Throws
 * `unsupported` for a store or a program whose path no unit can name.
 */
export function systemdUnit(context: Context): string {
  const { paths } = context;
  const command = (name: string): string => {
    const [program = '', ...words] = context.ownCommandLine(['system', name]);
    return [quoted(program), ...words.map(argument)].join(' ');
  };
  return `[Unit]
Description=Containers of skiff that have a restart policy
Wants=network-online.target
After=network-online.target local-fs.target
RequiresMountsFor=${quoted(paths.root)}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${command('start-all')}
ExecStop=${command('stop-all')}
KillMode=process

[Install]
WantedBy=multi-user.target
`;
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
