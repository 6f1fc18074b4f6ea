import type { NetworkOptions } from '../../engine/options/create.ts';
import { EngineError } from '../../errors.ts';
import { parseAddress } from '../../network/address/address.ts';

type ExtraHost = NonNullable<NetworkOptions['extraHosts']>[number];
type Link = NonNullable<NetworkOptions['links']>[number];

/** Matches a host name; as part of a file in the container it must stay one word of one line. */
const HOST = /^[^\s:;=#]+$/;

/**
 * `--add-host NAME:ADDRESS` or `NAME=ADDRESS`, IPv6 with or without brackets, `host-gateway` for the host; several names
 * between semicolons, as Podman has it. Throws `invalid`.
 */
export function parseExtraHost(text: string): ExtraHost[] {
  const separator = text.includes('=') ? '=' : ':';
  const at = text.indexOf(separator);
  const names = at < 0 ? [] : text.slice(0, at).split(';');
  const given = text.slice(at + 1);
  const address = /^\[(.*)\]$/.exec(given)?.[1] ?? given;
  if (names.length > 0 && names.every((name) => HOST.test(name))) {
    if (address === 'host-gateway' || parseAddress(address) !== undefined)
      return names.map((name) => ({ name, address }));
  }
  throw new EngineError('invalid', `invalid --add-host "${text}"`, {
    subject: text,
    hint: 'write NAME:ADDRESS, as in db:10.0.0.5, db:[fd00::5] or me:host-gateway',
  });
}

/** `--link CONTAINER[:ALIAS]`. Throws `invalid`. */
export function parseLink(text: string): Link {
  const [container = '', alias = container, ...more] = text.split(':');
  if (more.length === 0 && container !== '' && HOST.test(alias)) return { container, alias };
  throw new EngineError('invalid', `invalid link "${text}"`, {
    subject: text,
    hint: 'write CONTAINER or CONTAINER:ALIAS',
  });
}

/** A domain that is searched for short names; `.` for none. Throws `invalid`. */
export function searchDomain(text: string): string {
  if (text === '.' || (text.length <= 255 && /^\w(?:[\w.-]*\w)?\.?$/.test(text))) return text;
  throw new EngineError('invalid', `invalid search domain: "${text}"`, {
    subject: text,
    hint: 'write a domain, as in example.org, or a dot for none',
  });
}

/** Parses one word of resolv.conf(5)'s `options`. Throws `invalid`. */
export function resolverOption(text: string): string {
  if (/^[\w:.-]+$/.test(text)) return text;
  throw new EngineError('invalid', `invalid option of the resolver: "${text}"`, {
    subject: text,
    hint: 'write one of resolv.conf(5), as in ndots:2',
  });
}
