import type {
  BindMount,
  MountOptions,
  Propagation,
  Relabel,
  VolumeMount,
  VolumesFrom,
} from '../engine/options/mounts.ts';
import { EngineError } from '../errors.ts';
import { absoluteSource, cleanPath, isRelative } from './mount-paths.ts';

const PROPAGATIONS: readonly string[] = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'];

/** The words of a suffix by what they decide: each of these is said once at most, as with Docker. */
const DECISIONS: Readonly<Record<string, string>> = {
  ro: 'write',
  rw: 'write',
  z: 'label',
  Z: 'label',
  nocopy: 'copy',
  U: 'owner',
  O: 'overlay',
  idmap: 'ids',
  ...Object.fromEntries(PROPAGATIONS.map((word) => [word, 'propagation'])),
  ...Object.fromEntries(['consistent', 'cached', 'delegated'].map((word) => [word, 'consistency'])),
};

/**
 * `[SOURCE:]PATH[:OPTIONS]` of `-v`: a source with a slash in front, or a dot, is a path of the host, any other the name
 * of a volume; without one it is an anonymous volume. Throws `invalid` with Docker's words.
 */
export function parseVolume(text: string): MountOptions {
  const [first = '', second, suffix, ...more] = text.split(':');
  if (first === '' || second === '' || more.length > 0) throw invalidSpecification(text);
  if (second === undefined) return { type: 'volume', target: cleanPath(first), asked: 'bind' };
  // A volume without a source has no options, either.
  if (suffix === undefined && isSuffix(second)) throw invalidSpecification(text);
  const words = suffixWords(suffix ?? '', text);
  const common = {
    target: cleanPath(second),
    asked: 'bind',
    ...(words.has('ro') ? { readOnly: true } : {}),
  } as const;
  const source = hostPath(first);
  return source === undefined
    ? volumeOf({ type: 'volume', name: first, ...common }, words, text)
    : bindOf({ type: 'bind', source, ...common, createSource: true }, words, text);
}

/** `CONTAINER[:ro|rw|z|Z]` of `--volumes-from`. Throws `invalid`. */
export function parseVolumesFrom(text: string): VolumesFrom {
  const [container = '', suffix = '', ...more] = text.split(':');
  if (container === '' || more.length > 0) {
    throw new EngineError('invalid', `invalid container to take mounts from: "${text}"`, {
      subject: text,
      hint: 'write CONTAINER or CONTAINER:ro',
    });
  }
  const words = suffixWords(suffix, text);
  const other = [...words].find((word) => !['ro', 'rw', 'z', 'Z'].includes(word));
  if (other !== undefined) throw invalidMode(suffix, text);
  return {
    container,
    ...(words.has('ro') ? { readOnly: true } : {}),
    ...relabelOf(words),
  };
}

/** Undefined for the name of a volume. */
function hostPath(source: string): string | undefined {
  if (isRelative(source)) return absoluteSource(source);
  return source.startsWith('/') ? cleanPath(source) : undefined;
}

function bindOf(mount: BindMount, words: ReadonlySet<string>, text: string): BindMount {
  if (words.has('nocopy')) throw foreignField(text, 'bind', 'nocopy');
  const propagation = [...words].find((word) => PROPAGATIONS.includes(word)) as Propagation | undefined;
  return {
    ...mount,
    ...(propagation === undefined ? {} : { propagation }),
    ...relabelOf(words),
    ...(words.has('U') ? { chown: true } : {}),
    ...(words.has('O') ? { overlay: true } : {}),
    ...(words.has('idmap') ? { idMap: true } : {}),
  };
}

/** The owners of a volume are those of the container anyway. */
function volumeOf(mount: VolumeMount, words: ReadonlySet<string>, text: string): VolumeMount {
  const foreign = [...words].find((word) => word === 'O' || PROPAGATIONS.includes(word));
  if (foreign !== undefined) throw foreignField(text, 'volume', foreign);
  return {
    ...mount,
    ...(words.has('nocopy') ? { noCopy: true } : {}),
    ...relabelOf(words),
    ...(words.has('U') ? { chown: true } : {}),
  };
}

function relabelOf(words: ReadonlySet<string>): { relabel?: Relabel } {
  if (words.has('z')) return { relabel: 'shared' };
  return words.has('Z') ? { relabel: 'private' } : {};
}

function isSuffix(text: string): boolean {
  return text.split(',').every((word) => Object.hasOwn(DECISIONS, word));
}

function suffixWords(suffix: string, text: string): Set<string> {
  const words = suffix === '' ? [] : suffix.split(',');
  const decided = words.map((word) => (Object.hasOwn(DECISIONS, word) ? DECISIONS[word] : undefined));
  if (decided.includes(undefined) || new Set(decided).size < decided.length) throw invalidMode(suffix, text);
  return new Set(words);
}

function invalidMode(suffix: string, text: string): EngineError {
  return new EngineError('invalid', `invalid mode: ${suffix}`, {
    subject: text,
    hint: 'after the second colon stand, once each, ro or rw, z or Z, nocopy, U, O, idmap and [r]private, [r]shared or [r]slave',
  });
}

function invalidSpecification(text: string): EngineError {
  return new EngineError('invalid', `invalid volume specification: '${text}'`, {
    subject: text,
    hint: 'write PATH, SOURCE:PATH or SOURCE:PATH:OPTIONS; paths with a colon take --mount',
  });
}

function foreignField(text: string, type: 'bind' | 'volume', word: string): EngineError {
  const other = type === 'bind' ? 'volumes' : 'paths of the host';
  return new EngineError(
    'invalid',
    `invalid volume specification: '${text}': "${word}" is for ${other} only`,
    {
      subject: text,
      hint: `leave ${word} out`,
    },
  );
}
