import { DEFAULT_ROOT } from '../host/paths.ts';
import type { Context } from './context.ts';

/**
 * The text of a unit for systemd (systemd.service(5)) that brings containers back after a reboot and stops them before
 * one. It is only there for that: `KillMode=process`, as the containers that it started are no part of it.
 */
export function systemdUnit({ paths, self }: Context): string {
  const store = paths.root === DEFAULT_ROOT ? [] : ['--root', paths.root];
  const command = (name: string) => [...self, ...store, 'system', name].map(quoted).join(' ');
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

/** One word of a unit's line: `%` and `$` mean something to systemd, and blanks end it. */
function quoted(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[^\s"'\\;]+$/.test(escaped) ? escaped : `"${escaped.replace(/(["\\])/g, '\\$1')}"`;
}
