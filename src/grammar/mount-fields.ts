import type {
  BindMount,
  ImageMount,
  MountOptions,
  Propagation,
  TmpfsMount,
  VolumeMount,
} from '../engine/options/mounts.ts';
import { EngineError } from '../errors.ts';
import { csvFields } from './csv.ts';
import { absoluteSource, cleanPath, isRelative } from './mount-paths.ts';
import { parseSize } from './size.ts';
import { booleanWord } from './words.ts';

/** What the fields of one `--mount` have said so far. */
interface Wish {
  type: string;
  source: string;
  target: string;
  readOnly: boolean;
  bind: Partial<Omit<BindMount, 'type' | 'source' | 'target'>>;
  volume: Partial<Omit<VolumeMount, 'type' | 'name' | 'target'>>;
  tmpfs: Partial<Omit<TmpfsMount, 'type' | 'target'>>;
  image: Partial<Omit<ImageMount, 'type' | 'image' | 'target'>>;
}

type Read = (wish: Wish, value: string, key: string) => void;

const FIELDS: Readonly<Record<string, Read>> = {
  type: (wish, value) => {
    wish.type = value.toLowerCase();
  },
  source: readSource,
  src: readSource,
  target: readTarget,
  dst: readTarget,
  destination: readTarget,
  readonly: readReadOnly,
  ro: readReadOnly,
  // It makes a difference on machines that are not Linux only.
  consistency: (_wish, value, key) => {
    oneOf(key, value, ['default', 'consistent', 'cached', 'delegated']);
  },
  'bind-propagation': ({ bind }, value) => {
    const words = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'] as const;
    const word: Propagation | undefined = words.find((one) => one === value.toLowerCase());
    if (word === undefined)
      throw new Refusal(`invalid propagation mode: ${value}`, `use ${words.join(', ')}`);
    bind.propagation = word;
  },
  'bind-nonrecursive': ({ bind }, value, key) => {
    if (switchOf(value, key)) bind.recursive = 'disabled';
    else delete bind.recursive;
  },
  'bind-recursive': ({ bind }, value, key) => {
    bind.recursive = oneOf(key, value, ['enabled', 'disabled', 'writable', 'readonly']);
  },
  'bind-create-src': ({ bind }, value, key) => {
    bind.createSource = switchOf(value, key);
  },
  'volume-nocopy': ({ volume }, value, key) => {
    volume.noCopy = switchOf(value, key);
  },
  'volume-subpath': ({ volume }, value) => {
    volume.subpath = value;
  },
  'volume-driver': ({ volume }, value) => {
    volume.driver = value;
  },
  'volume-opt': ({ volume }, value) => {
    volume.driverOptions = withPair(volume.driverOptions, value);
  },
  'volume-label': ({ volume }, value) => {
    volume.labels = withPair(volume.labels, value);
  },
  'tmpfs-size': ({ tmpfs }, value, key) => {
    tmpfs.size = sizeOf(value, key);
  },
  'tmpfs-mode': ({ tmpfs }, value, key) => {
    if (!/^[0-7]{1,5}$/.test(value) || Number.parseInt(value, 8) > 0o7777) throw badValue(key, value);
    tmpfs.mode = Number.parseInt(value, 8);
  },
  'image-subpath': ({ image }, value) => {
    image.subpath = value;
  },
};

/** Fields that can stand without a value. */
const SWITCHES = ['readonly', 'ro', 'volume-nocopy', 'bind-nonrecursive', 'bind-create-src'];

/** One line of comma-separated fields, `--mount type=bind,src=/data,dst=/srv,ro`. Throws `invalid` with Docker's words. */
export function parseMount(text: string): MountOptions {
  try {
    const wish: Wish = {
      type: 'volume',
      source: '',
      target: '',
      readOnly: false,
      bind: {},
      volume: {},
      tmpfs: {},
      image: {},
    };
    for (const field of csvFields(text)) readField(wish, field);
    return mountOf(wish);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new EngineError('invalid', `invalid mount "${text}": ${error.message}`, {
      subject: text,
      hint: error.hint,
    });
  }
}

/** Why a text is none; whoever knows the whole text says it. */
class Refusal extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

function readField(wish: Wish, field: string): void {
  const equals = field.indexOf('=');
  const key = (equals < 0 ? field : field.slice(0, equals)).toLowerCase();
  if (equals < 0 && !SWITCHES.includes(key))
    throw new Refusal(`invalid field '${field}' must be a key=value pair`);
  const read = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined;
  if (read === undefined)
    throw new Refusal(
      `unexpected key '${key}' in '${field}'`,
      `the keys are ${Object.keys(FIELDS).join(', ')}`,
    );
  read(wish, equals < 0 ? 'true' : field.slice(equals + 1), key);
}

function mountOf(wish: Wish): MountOptions {
  const { type, source, target } = wish;
  if (type === '') throw new Refusal('type is required', 'use bind, volume, tmpfs or image');
  if (target === '') throw new Refusal('target is required', 'add dst=PATH, a path in the container');
  for (const group of ['bind', 'volume', 'tmpfs', 'image'] as const)
    if (group !== type && Object.keys(wish[group]).length > 0)
      throw new Refusal(`cannot mix '${group}-*' options with mount type '${type}'`);
  const common = {
    target: cleanPath(target),
    asked: 'mount',
    ...(wish.readOnly ? { readOnly: true } : {}),
  } as const;
  switch (type) {
    case 'bind':
      return { type, source: cleanPath(needed(source)), ...common, ...bindOf(wish) };
    case 'volume':
      return { type, ...(source === '' ? {} : { name: source }), ...common, ...wish.volume };
    case 'tmpfs':
      if (source !== '')
        throw new Refusal('field Source must not be specified', 'leave src= out: it is memory');
      return { type, ...common, ...wish.tmpfs };
    case 'image':
      return { type, image: needed(source), ...common, ...wish.image };
    default:
      throw new Refusal(`mount type unknown: ${type}`, 'use bind, volume, tmpfs or image');
  }
}

function needed(source: string): string {
  if (source !== '') return source;
  throw new Refusal('field Source must not be empty', 'add src=');
}

function bindOf({ bind, readOnly }: Wish): Wish['bind'] {
  const { recursive, propagation } = bind;
  if ((recursive === 'writable' || recursive === 'readonly') && !readOnly)
    throw new Refusal(
      `option 'bind-recursive=${recursive}' requires 'readonly' to be specified in conjunction`,
    );
  if (recursive === 'readonly' && propagation !== 'rprivate')
    throw new Refusal(
      "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction",
    );
  return bind;
}

/** `.` and `./x` are relative to the working directory, as with `-v`; other relative paths are refused later. */
function readSource(wish: Wish, value: string): void {
  wish.source = isRelative(value) ? absoluteSource(value) : value;
}

function readTarget(wish: Wish, value: string): void {
  wish.target = value;
}

function readReadOnly(wish: Wish, value: string, key: string): void {
  wish.readOnly = switchOf(value, key);
}

function switchOf(value: string, key: string): boolean {
  const word = booleanWord(value);
  if (word === undefined) throw badValue(key, value);
  return word;
}

function oneOf<const Words extends readonly string[]>(
  key: string,
  value: string,
  words: Words,
): Words[number] {
  const word = words.find((one) => one === value);
  if (word !== undefined) return word;
  throw new Refusal(`invalid value for ${key}: ${value}`, `use ${words.join(', ')}`);
}

function sizeOf(value: string, key: string): number {
  try {
    return parseSize(value);
  } catch {
    throw badValue(key, value);
  }
}

function withPair(pairs: Record<string, string> | undefined, text: string): Record<string, string> {
  const equals = text.indexOf('=');
  const [key, value] = equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
  return key === '' ? { ...pairs } : { ...pairs, [key]: value };
}

function badValue(key: string, value: string): Refusal {
  return new Refusal(`invalid value for ${key}: ${value}`);
}
