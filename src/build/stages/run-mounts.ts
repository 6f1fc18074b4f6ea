import { meant } from '../dockerfile/complaint.ts';
import { splitFields } from './csv.ts';
import type { Evaluation } from './evaluation.ts';
import { joinedPath, lastPart } from './paths.ts';
import type { RunMount, Source } from './step.ts';

type Type = RunMount['type'];

/** Keys under their first name. */
const SYNONYMS: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  rw: 'readwrite',
};

/** What each type of mount takes besides its type and target. */
const KEYS: Readonly<Record<Type, readonly string[]>> = {
  bind: ['source', 'from', 'readonly', 'readwrite'],
  cache: ['id', 'source', 'from', 'readonly', 'readwrite', 'sharing', 'mode', 'uid', 'gid'],
  tmpfs: ['size', 'readwrite'],
  secret: ['id', 'source', 'env', 'required', 'readonly', 'mode', 'uid', 'gid'],
  ssh: ['id', 'required', 'readonly', 'mode', 'uid', 'gid'],
};
const SWITCHES = ['readonly', 'readwrite', 'required'];
const LARGEST_ID = 2 ** 32 - 2;

/** Where a mount's files come from: what `from` names. */
export type SourceOf = (from: string) => Source;

/** The keys and values of a `--mount`, which are not expanded; a switch alone is `true`. Keys have their first name. */
export function mountFields(text: string): [string, string | undefined][] {
  return splitFields(text).map((field) => {
    const equals = field.indexOf('=');
    const name = (equals < 0 ? field : field.slice(0, equals)).toLowerCase();
    const key = Object.hasOwn(SYNONYMS, name) ? SYNONYMS[name] : undefined;
    return [key ?? name, equals < 0 ? undefined : field.slice(equals + 1)];
  });
}

/** Reads all `--mount` of a RUN. Throws `invalid` for keys and values that are none. */
export function runMounts(one: Evaluation, workingDirectory: string, sourceOf: SourceOf): RunMount[] {
  let agents = 0;
  return one.instruction.flags
    .filter(({ name }) => name === 'mount')
    .map(({ value = '', at }) => {
      const reader = new MountReader(one, value, at);
      const mount = reader.mount(workingDirectory, sourceOf);
      if (mount.type !== 'ssh' || mount.target !== undefined) return mount;
      agents += 1;
      return { ...mount, target: `/run/buildkit/ssh_agent.${agents - 1}` };
    });
}

class MountReader {
  readonly #one: Evaluation;
  readonly #at: { line: number; column: number };
  readonly #type: Type;
  readonly #values = new Map<string, string>();

  constructor(one: Evaluation, text: string, at: { line: number; column: number }) {
    this.#one = one;
    this.#at = at;
    const fields = mountFields(text);
    this.#type = this.#typeOf(fields.find(([key]) => key === 'type')?.[1]);
    for (const [key, value] of fields) this.#read(key, value);
  }

  mount(workingDirectory: string, sourceOf: SourceOf): RunMount {
    const type = this.#type;
    if (type === 'secret') return this.#secret();
    if (type === 'ssh') {
      const id = this.#values.get('id') ?? 'default';
      const target = this.#values.get('target');
      return {
        type,
        id,
        target: target && joinedPath('/', target),
        ...this.#required(),
        ...this.#file(0o600),
      };
    }
    const written = this.#values.get('target') ?? '';
    if (written === '') throw this.#wrong(`a mount of type ${type} needs a target`);
    const target = joinedPath(workingDirectory, written);
    if (target === '/') throw this.#wrong('nothing can be mounted on /');
    if (type === 'tmpfs') return { type, target, sizeBytes: this.#size() };
    const from = this.#values.get('from');
    const source = joinedPath('/', this.#values.get('source') ?? '');
    const isReadOnly = this.#readOnly(type === 'bind');
    if (type === 'bind') return { type, from: sourceOf(from ?? ''), source, target, writable: !isReadOnly };
    return {
      type,
      // The path as it is written: a relative one is the same cache in every directory.
      id: this.#values.get('id') || joinedPath('', written).slice(written.startsWith('/') ? 0 : 1),
      from: from === undefined || from === '' ? undefined : sourceOf(from),
      source,
      target,
      readOnly: isReadOnly,
      sharing: this.#sharing(),
      ...this.#file(0o755),
    };
  }

  #secret(): RunMount {
    const [source, given] = [this.#values.get('source'), this.#values.get('id')];
    if (source !== undefined && given !== undefined)
      throw this.#wrong('a secret has an id or a source, which are the same');
    const written = this.#values.get('target') || undefined;
    const id = source || given || lastPart(written ?? '');
    if (id === '') throw this.#wrong('a secret needs an id or a target');
    const environment = this.#values.get('env');
    const inFile = environment === undefined ? `/run/secrets/${lastPart(id)}` : undefined;
    const target = written === undefined ? inFile : joinedPath('/', written);
    return { type: 'secret', id, target, environment, ...this.#required(), ...this.#file(0o400) };
  }

  #typeOf(written: string | undefined): Type {
    const type = (written === undefined ? 'bind' : this.#one.expand(written)).toLowerCase();
    if (Object.hasOwn(KEYS, type)) return type as Type;
    throw this.#wrong(`there is no mount of type "${type}"`, meant(type, Object.keys(KEYS)));
  }

  #read(key: string, written: string | undefined): void {
    if (key === 'type') return;
    const known = ['target', ...KEYS[this.#type]];
    const all = ['target', ...new Set(Object.values(KEYS).flat())];
    if (!all.includes(key)) throw this.#wrong(`a mount has no key "${key}"`, meant(key, all));
    if (!known.includes(key)) throw this.#wrong(`a mount of type ${this.#type} has no ${key}`);
    if (written === undefined && !SWITCHES.includes(key))
      throw this.#wrong(`${key} of a mount needs a value`);
    if (key === 'from' && /\$./.test(written ?? ''))
      throw this.#wrong(
        'a variable cannot stand in from of a mount',
        'name a stage whose FROM has the variable',
      );
    this.#values.set(key, written === undefined ? 'true' : this.#one.expand(written));
  }

  #readOnly(otherwise: boolean): boolean {
    const readOnly = this.#switch('readonly');
    const writable = this.#switch('readwrite');
    return readOnly ?? (writable === undefined ? otherwise : !writable);
  }

  #required(): { required: boolean } {
    return { required: this.#switch('required') ?? false };
  }

  #switch(key: string): boolean | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    if (/^(1|t|true)$/i.test(value)) return true;
    if (/^(0|f|false)$/i.test(value)) return false;
    throw this.#wrong(`${key} of a mount is true or false, not "${value}"`);
  }

  #sharing(): 'shared' | 'private' | 'locked' {
    const value = (this.#values.get('sharing') ?? 'shared').toLowerCase();
    if (value === 'shared' || value === 'private' || value === 'locked') return value;
    throw this.#wrong(`sharing of a mount is shared, private or locked, not "${value}"`);
  }

  #file(mode: number): { mode: number; uid: number; gid: number } {
    return { mode: this.#mode(mode), uid: this.#id('uid'), gid: this.#id('gid') };
  }

  #mode(otherwise: number): number {
    const value = this.#values.get('mode');
    if (value === undefined) return otherwise;
    if (/^0?[0-7]{1,4}$/.test(value)) return Number.parseInt(value, 8);
    throw this.#wrong(`mode of a mount is an octal number, not "${value}"`);
  }

  #id(key: 'uid' | 'gid'): number {
    const value = this.#values.get(key);
    if (value === undefined) return 0;
    if (/^\d+$/.test(value) && Number(value) <= LARGEST_ID) return Number(value);
    throw this.#wrong(`${key} of a mount is a number, not "${value}"`);
  }

  #size(): number | undefined {
    const value = this.#values.get('size');
    if (value === undefined || value === '') return undefined;
    const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)i?b?$/i.exec(value) ?? [];
    if (number === undefined)
      throw this.#wrong(`size of a mount is a number of bytes such as 64m, not "${value}"`);
    return Math.floor(Number(number) * 1024 ** Math.max(0, 'bkmgt'.indexOf(unit.toLowerCase())));
  }

  #wrong(message: string, hint?: string) {
    return this.#one.wrong(message, { at: this.#at, hint });
  }
}
