import { resolve } from 'node:path';
import { contextAddress } from '../build/stages/remote.ts';
import type { Entitlement, NamedContext } from '../engine/build/options.ts';
import type { SecretSource } from '../engine/build/secret.ts';
import type { BindMount } from '../engine/options/mounts.ts';
import { EngineError } from '../errors.ts';
import { userPath } from '../host/working-directory.ts';
import { formatPlatform, parsePlatform, requireKnownPlatform } from '../image/platform.ts';
import type { Platform } from '../oci/platform.ts';
import { csvFields } from './csv.ts';
import { parseVolume } from './mounts.ts';
import { booleanWord } from './words.ts';

type Environment = Readonly<NodeJS.ProcessEnv>;

/**
 * Makes a collector of `--build-arg NAME[=VALUE]`: a name alone has its value from `own`, and is left out when there is
 * none, as in Docker. It throws `invalid`.
 */
export function collectBuildArg(own: Environment) {
  return (text: string, previous: Record<string, string> = {}): Record<string, string> => {
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    if (name === '') throw wrong('build argument', text, 'write NAME=VALUE');
    const value = equals < 0 ? own[name] : text.slice(equals + 1);
    return value === undefined ? previous : { ...previous, [name]: value };
  };
}

/**
 * Makes a collector of `--secret id=ID[,src=FILE|,env=NAME]`: without either it is the variable of `own` that is called as
 * the secret, else the file. It throws `invalid`.
 */
export function collectSecret(own: Environment) {
  return (text: string, previous: ReadonlyMap<string, SecretSource> = new Map()) => {
    const fields = fieldsOf(text, 'secret', ['id', 'src', 'source', 'env', 'type']);
    const { id, env, type } = fields;
    const file = fields['src'] ?? fields['source'];
    if (id === undefined) throw wrong('secret', text, 'write id=NAME,src=FILE or id=NAME,env=VARIABLE');
    if (type !== undefined && type !== 'file' && type !== 'env')
      throw wrong('secret', text, 'its type is file or env');
    const variable =
      env ?? (type === 'env' ? (file ?? id) : file === undefined && id in own ? id : undefined);
    const source: SecretSource =
      type === 'file' || variable === undefined
        ? { file: userPath(file ?? id) }
        : { value: variableOf(own, variable, text) };
    return new Map([...previous, [id, source]]);
  };
}

function variableOf(own: Environment, name: string, text: string): string {
  const value = own[name];
  if (value === undefined) throw wrong('secret', text, `there is no variable ${name} in the environment`);
  return value;
}

/** Makes a collector of `--ssh ID[=SOCKET]`: without a socket the agent of `own`. It throws `invalid`. */
export function collectAgent(own: Environment) {
  return (text: string, previous: ReadonlyMap<string, string> = new Map()) => {
    const [id = '', ...rest] = text.split('=');
    const socket = rest.length === 0 ? own['SSH_AUTH_SOCK'] : rest.join('=');
    if (id === '') throw wrong('ssh agent', text, 'write default, or NAME=SOCKET');
    if (socket === undefined || socket === '')
      throw wrong('ssh agent', text, 'there is no agent at SSH_AUTH_SOCK: name its socket');
    return new Map([...previous, [id, resolve(userPath(socket))]]);
  };
}

/** Collects `--build-context NAME=DIRECTORY|docker-image://REFERENCE|URL`, of which a URL may be a git repository. Throws `invalid`. */
export function collectContext(
  text: string,
  previous: ReadonlyMap<string, NamedContext> = new Map(),
): ReadonlyMap<string, NamedContext> {
  const [, name = '', value = ''] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (name === '')
    throw wrong('build context', text, 'write NAME=DIRECTORY, NAME=docker-image://REFERENCE or NAME=URL');
  return new Map([...previous, [name.toLowerCase(), namedContext(value)]]);
}

function namedContext(value: string): NamedContext {
  const reference = /^docker-image:\/\/(.*)$/s.exec(value)?.[1];
  if (reference !== undefined) return { kind: 'image', reference };
  const address = contextAddress(value);
  if (address !== undefined) return { kind: 'remote', address };
  return { kind: 'directory', path: resolve(userPath(value)) };
}

/**
 * Collects `--platform os/arch[/variant],…`. Throws `invalid` for one that is none, of which there is no such operating system or
 * architecture, and for the same one twice, by whatever names.
 */
export function collectPlatforms(text: string, previous: readonly Platform[] = []): Platform[] {
  const platforms = [...previous];
  for (const each of text.split(',')) {
    const platform = parsePlatform(each.trim());
    requireKnownPlatform(platform);
    const name = formatPlatform(platform);
    if (platforms.some((known) => formatPlatform(known) === name))
      throw new EngineError('invalid', `the platform ${name} is given twice`, {
        subject: text,
        hint: 'an index has one image for each platform',
      });
    platforms.push(platform);
  }
  return platforms;
}

/** `--allow`. Throws `invalid`. */
export function parseEntitlement(text: string): Entitlement {
  if (text === 'network.host' || text === 'security.insecure') return text;
  throw wrong('entitlement', text, 'it is network.host or security.insecure');
}

/** The build argument SOURCE_DATE_EPOCH, in seconds; undefined: nothing is said, or an empty one. Throws `invalid`. */
export function parseEpoch(text = ''): number | undefined {
  if (text === '') return undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new EngineError('invalid', `SOURCE_DATE_EPOCH is no number of seconds: "${text}"`, { subject: text });
}

/** `--shell-on-fail`: a switch, or the words of a command. Throws `invalid`. */
export function parseShellOnFail(text: string): string[] | boolean {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) throw wrong('shell', text, 'write --shell-on-fail, or --shell-on-fail=COMMAND');
  return booleanWord(text) ?? words;
}

function fieldsOf(text: string, what: string, known: readonly string[]): Record<string, string | undefined> {
  const fields: Record<string, string> = {};
  for (const field of csvFields(text)) {
    const [, name = field, value] = /^([^=]*)=(.*)$/s.exec(field) ?? [];
    if (value === undefined || !known.includes(name.toLowerCase()))
      throw wrong(what, text, `"${field}" is none of its fields: ${known.join(', ')}`);
    fields[name.toLowerCase()] = value;
  }
  return fields;
}

function wrong(what: string, text: string, hint: string): EngineError {
  return new EngineError('invalid', `invalid ${what} "${text}"`, { subject: text, hint });
}

/**
 * `-v SOURCE:PATH[:OPTIONS]` of a build: of the host alone, and of what is there. Throws `invalid`, also for volumes, of which
 * there are others for builds.
 */
export function parseBuildVolume(text: string): BindMount {
  const mount = parseVolume(text);
  if (mount.type === 'bind') return { ...mount, createSource: false };
  throw new EngineError('invalid', `"${text}" is no file or directory of the host`, {
    subject: text,
    hint: 'a directory that outlives a build is RUN --mount=type=cache',
  });
}
