import { EngineError, type ErrorKind, type Failure } from '../../errors.ts';
import type { Row } from '../../host/database.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ExitRecord } from '../../runtime/monitor/records.ts';
import type { CreateOptions, IdMaps } from '../options/create.ts';

/** 64 lower-case hex digits. */
export type ContainerId = string & { readonly __brand: 'ContainerId' };

/** A container as the database knows it; whether it runs is the kernel's to say (`status.ts`). */
export interface ContainerRow {
  id: ContainerId;
  name: string;
  /** Empty: it was made of a directory of the host (`CreateOptions.rootfs`). */
  imageId: Digest;
  /** The image, or the directory, as the user named it. */
  imageName: string;
  /** chainIDs, bottom first. */
  layers: Digest[];
  /** The command that the container executes: the image's with what the user asked for on top. */
  argv: string[];
  /** The options, with ids in the place of other containers' names, and the host name that it got. */
  options: CreateOptions;
  /** Absent: no user namespace. */
  idMaps: OwnerMaps | undefined;
  autoRemove: boolean;
  /** ms since the epoch. */
  createdAt: number;
  /** `pid starttime` of the command that made or started it last; absent once the end of that run has been seen. */
  starter: string | undefined;
  /** Whether the container was started at least once, or is just about to be. */
  started: boolean;
  /** The kernel's boot_id at the last start. */
  boot: string | undefined;
  /** The state that the user wants, whatever has become of the container: after a reboot `start-all` looks at this. */
  wanted: 'running' | 'stopped';
  /** Why the last start failed. */
  error: StartFailure | undefined;
  /** The end of the last run whose end has been seen: with a starter, it is not the last run. */
  ended: ExitRecord | undefined;
  /** The text of its image's configuration, kept when the image was removed by force, or there is none. */
  imageConfig: string | undefined;
  /** `pid starttime` of the process that builds an image: this is a step of that, and goes with it. */
  step: string | undefined;
}

/** The id maps of a container's user namespace, and how its files come to have their owners. */
export interface OwnerMaps extends IdMaps {
  /** The kernel shows layers and upper directory through the maps; else the layers are copies with shifted owners. */
  idMapped: boolean;
}

export interface StartFailure {
  message: string;
  exitCode: number;
  kind?: ErrorKind | undefined;
  hint?: string | undefined;
  /** What faces have words of their own for, and what it is about. */
  failure?: Failure | undefined;
  subject?: string | undefined;
}

/**
 * Reads a row of the table `container`, which is STRICT: its columns have their types, and NULL is what is absent. What is
 * long is parsed when somebody asks for it, as lists of thousands do not. JSON that nobody can have written throws
 * `internal`. A literal, as a loop over a table would cost a list of a hundred a millisecond.
 */
export function toRow(row: Row): ContainerRow {
  const text = (column: string) => (row[column] as string | null) ?? undefined;
  const json = <T>(column: string, shape: Shape<T>) => parseColumn(row, column, shape);
  let options: CreateOptions | undefined;
  let layers: Digest[] | undefined;
  return {
    id: row['id'] as ContainerId,
    name: row['name'] as string,
    imageId: row['image_id'] as Digest,
    imageName: row['image_name'] as string,
    get layers() {
      layers ??= json<Digest[]>('layers', LIST) ?? [];
      return layers;
    },
    argv: json<string[]>('argv', LIST) ?? [],
    get options() {
      options ??= json('options', OPTIONS) as CreateOptions;
      return options;
    },
    idMaps: json<OwnerMaps>('id_maps', OWNER_MAPS),
    autoRemove: row['auto_remove'] === 1,
    createdAt: row['created_at'] as number,
    starter: text('starter'),
    started: row['started'] === 1,
    boot: text('boot'),
    wanted: row['wanted'] === 'running' ? 'running' : 'stopped',
    error: json('error', START_FAILURE),
    ended: json('ended', EXIT_RECORD),
    imageConfig: text('image_config'),
    step: text('step'),
  };
}

/** Reads the column `id_maps`, where it is not NULL, of a row that has it and the id. */
export function toOwnerMaps(row: Row): OwnerMaps {
  return parseColumn<OwnerMaps>(row, 'id_maps', OWNER_MAPS) as OwnerMaps;
}

type Kept = string | number | null;

/** How each member is kept: column and value. Whoever adds a member is told by the compiler to say it here as well. */
const COLUMNS: {
  readonly [Member in keyof ContainerRow]-?: [string, (value: ContainerRow[Member]) => Kept];
} = {
  id: ['id', String],
  name: ['name', String],
  imageId: ['image_id', String],
  imageName: ['image_name', String],
  layers: ['layers', asJson],
  argv: ['argv', asJson],
  options: ['options', asJson],
  idMaps: ['id_maps', asJson],
  autoRemove: ['auto_remove', Number],
  createdAt: ['created_at', Number],
  starter: ['starter', orNull],
  started: ['started', Number],
  boot: ['boot', orNull],
  wanted: ['wanted', String],
  error: ['error', asJson],
  ended: ['ended', asJson],
  imageConfig: ['image_config', orNull],
  step: ['step', orNull],
};

const ENTRIES = Object.entries(COLUMNS) as [keyof ContainerRow, [string, (value: unknown) => Kept]][];

const INSERT = `INSERT INTO container (${ENTRIES.map(([, [column]]) => column).join(', ')})
  VALUES (${ENTRIES.map(() => '?').join(', ')})`;

/** The statement that inserts a row, and the values in its order. */
export function insertion(row: ContainerRow): { sql: string; values: Kept[] } {
  return { sql: INSERT, values: ENTRIES.map(([member, [, keep]]) => keep(row[member])) };
}

/** How a container's options are kept, for whoever changes them alone. */
export function keptOptions(options: CreateOptions): Kept {
  return asJson(options);
}

function asJson(value: unknown): Kept {
  return value === undefined ? null : JSON.stringify(value);
}

function orNull(value: string | undefined): Kept {
  return value ?? null;
}

/** Names the type, as typeof does, of each member that a type always has; for a list it is `list`. */
type Shape<T> = T extends readonly unknown[]
  ? typeof LIST
  : { readonly [Name in RequiredMember<T>]: TypeOf<T[Name]> };
type RequiredMember<T> = { [Name in keyof T]-?: undefined extends T[Name] ? never : Name }[keyof T];
type TypeOf<T> = T extends string
  ? 'string'
  : T extends number
    ? 'number'
    : T extends boolean
      ? 'boolean'
      : 'object';

const LIST = 'list';

/**
 * The members that options always have. Whoever renames one of these, or adds one, has to say so here: an older skiff
 * wrote the rows that are there, and a step of `migrations.ts` has to change them, too.
 */
const OPTIONS: Shape<CreateOptions> = {
  image: 'string',
  process: 'object',
  namespaces: 'object',
  security: 'object',
  devices: 'object',
  files: 'object',
  resources: 'object',
  stop: 'object',
  autoRemove: 'boolean',
};

const OWNER_MAPS: Shape<OwnerMaps> = { uids: 'object', gids: 'object', idMapped: 'boolean' };
const START_FAILURE: Shape<StartFailure> = { message: 'string', exitCode: 'number' };
const EXIT_RECORD: Shape<ExitRecord> = {
  code: 'number',
  oom: 'boolean',
  started: 'number',
  finished: 'number',
};

/** The JSON of a column; undefined for NULL. */
function parseColumn<T>(row: Row, column: string, shape: Shape<T>): T | undefined {
  const text = row[column] as string | null;
  if (text === null) return undefined;
  const value = parse(text);
  const damage = damageIn(value, shape);
  if (damage === undefined) return value as T;
  const id = String(row['id']).slice(0, 12);
  throw new EngineError(
    'internal',
    `the record of container ${id} is damaged: ${column}${damage} is not what it should be`,
    {
      subject: id,
    },
  );
}

/** Parses JSON; undefined for what is none: that has no shape at all. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Returns what is wrong with a value, to be put behind its name: `.member`, or nothing for the whole; undefined when it
 * is as it should be.
 */
function damageIn(value: unknown, shape: typeof LIST | Readonly<Record<string, string>>): string | undefined {
  if (shape === LIST) return Array.isArray(value) ? undefined : '';
  if (typeof value !== 'object' || value === null) return '';
  for (const name in shape) {
    const member = (value as Record<string, unknown>)[name];
    if (typeof member !== shape[name] || member === null) return `.${name}`;
  }
  return undefined;
}
