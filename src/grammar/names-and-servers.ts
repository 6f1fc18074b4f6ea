import type { NetworkOptions } from '../engine/options/create.ts';
import { EngineError } from '../errors.ts';

type ExtraHost = NonNullable<NetworkOptions['extraHosts']>[number];
type Link = NonNullable<NetworkOptions['links']>[number];

/**
 * `--add-host NAME:ADDRESS` or `NAME=ADDRESS`, IPv6 with or without brackets, `host-gateway` for the host; several names
 * between semicolons, as Podman has it. Throws `invalid` for a text without an address.
 */
export function parseExtraHost(text: string): ExtraHost[] {
  const separator = text.includes('=') ? '=' : ':';
  const at = text.indexOf(separator);
  if (at < 0) {
    throw new EngineError('invalid', `invalid --add-host "${text}"`, {
      subject: text,
      hint: 'write NAME:ADDRESS, as in db:10.0.0.5, db:[fd00::5] or me:host-gateway',
    });
  }
  const given = text.slice(at + 1);
  const address = /^\[(.*)\]$/.exec(given)?.[1] ?? given;
  return text
    .slice(0, at)
    .split(';')
    .map((name) => ({ name, address }));
}

/** `--link CONTAINER[:ALIAS]`. Throws `invalid`. */
export function parseLink(text: string): Link {
  const [container = '', alias = container, ...more] = text.split(':');
  if (more.length === 0 && container !== '') return { container, alias };
  throw new EngineError('invalid', `invalid link "${text}"`, {
    subject: text,
    hint: 'write CONTAINER or CONTAINER:ALIAS',
  });
}
