import type { Database } from '../../host/database.ts';
import {
  badFilterValue,
  booleanFilter,
  type FilterArgs,
  hasLabels,
  knownFilters,
  matcher,
} from '../options/filters.ts';
import type { MountOptions } from '../options/mounts.ts';
import { type PsState, STATE_NAMES, type StateName } from '../state/shown-state.ts';
import { type ContainerRow, findContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { type ImageRow, lookUpImage } from '../store/images.ts';
import type { ListedNetworking } from './ps-networking.ts';

/** The filters of Docker's container list (Docker Engine API, ContainerList). */
const FILTERS = [
  'ancestor',
  'before',
  'exited',
  'expose',
  'health',
  'id',
  'is-task',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
];

/** The words of `--filter health`; `none`: the container is not checked. */
const HEALTH_WORDS = ['starting', 'healthy', 'unhealthy', 'none'] as const;
export type HealthWord = (typeof HEALTH_WORDS)[number];

/** A container before anybody looks at what it is doing, as filters see it. */
export interface Candidate {
  row: ContainerRow;
  /** The image's and its own. */
  labels(): Readonly<Record<string, string>>;
  /** `80/tcp` each, of its image and its own. */
  exposedPorts(): readonly string[];
}

/** The filters of one listing, checked, with the containers and images that they name found. */
export interface ContainerFilters {
  /** Whether a status is asked for: then containers that do not run are listed, too. */
  readonly wantsAll: boolean;
  /** Whether a container can be listed at all; `rows` are all there are, newest first. */
  fits(candidate: Candidate): boolean;
  fitsState(state: PsState, health: HealthWord): boolean;
  /** Looks at its networks only if a filter asks for them. */
  fitsNetworking(look: () => ListedNetworking): boolean;
  /** The part of all rows, newest first, that `before` and `since` leave. */
  range<Row extends ContainerRow>(rows: readonly Row[]): readonly Row[];
}

/** Throws `invalid` for filters and values that are none, `notFound` for a container that `before` or `since` name. */
export function containerFilters(context: Context, given: FilterArgs): ContainerFilters {
  const filters = knownFilters(given, FILTERS);
  const values = (name: string) => filters.get(name) ?? [];
  const codes = values('exited').map(exitCode);
  const states = values('status').map(stateName);
  const healths = values('health').map(healthWord);
  const tests = rowTests(context, filters);
  const networkTests = networkingTests(filters);
  const bounds = { before: named(context, values('before')), since: named(context, values('since')) };
  return {
    wantsAll: states.length > 0,
    fits: (candidate) => tests.every((test) => test(candidate)),
    fitsState: (state, health) =>
      (states.length === 0 || states.includes(state.name)) &&
      (healths.length === 0 || healths.includes(health)) &&
      (codes.length === 0 ||
        (!state.active && state.startedAt !== undefined && codes.includes(state.exitCode))),
    fitsNetworking: (look) => {
      if (networkTests.length === 0) return true;
      const networking = look();
      return networkTests.every((test) => test(networking));
    },
    range: (rows) => between(rows, bounds),
  };
}

type RowTest = (candidate: Candidate) => boolean;

function rowTests(context: Context, filters: FilterArgs): RowTest[] {
  const tests: RowTest[] = [];
  const add = (name: string, make: (values: readonly string[]) => RowTest) => {
    const values = filters.get(name);
    if (values !== undefined) tests.push(make(values));
  };
  add('id', (values) => {
    const matches = matcher(values.filter(Boolean).map((value) => `^(?:${value})`));
    return ({ row }) => matches(row.id);
  });
  add('name', (values) => {
    const matches = matcher(values);
    return ({ row }) => matches(row.name) || matches(`/${row.name}`);
  });
  add(
    'label',
    (values) =>
      ({ labels }) =>
        hasLabels(labels(), values),
  );
  add('ancestor', (values) =>
    descendsFrom(values.flatMap((value) => imageNamed(context.database, value) ?? [])),
  );
  add('expose', (values) => {
    const wanted = values.map((value) => portRange('expose', value));
    return ({ exposedPorts }) => exposedPorts().some((port) => wanted.some((range) => range(port)));
  });
  add(
    'volume',
    (values) =>
      ({ row }) =>
        row.options.mounts?.some((mount) => values.some((value) => isCalledSo(mount, value))) === true,
  );
  if (booleanFilter(filters, 'is-task') === true) tests.push(() => false);
  return tests;
}

/** A volume by its name, anything by its source or by its place in the container. */
function isCalledSo(mount: MountOptions, text: string): boolean {
  if (mount.target === text) return true;
  if (mount.type === 'volume') return mount.name === text;
  return mount.type === 'bind' && mount.source === text;
}

/** A network by its name or the beginning of its id; of ports that are published the host's. */
function networkingTests(filters: FilterArgs): ((networking: ListedNetworking) => boolean)[] {
  const names = filters.get('network');
  const ports = filters.get('publish')?.map((value) => portRange('publish', value));
  return [
    ...(names === undefined
      ? []
      : [({ networks }: ListedNetworking) => networks.some((network) => isCalled(network, names))]),
    ...(ports === undefined
      ? []
      : [
          ({ ports: published }: ListedNetworking) =>
            published.some(({ host, protocol }) =>
              ports.some((range) => host !== undefined && range(`${host.port}/${protocol}`)),
            ),
        ]),
  ];
}

function isCalled({ name, id }: ListedNetworking['networks'][number], names: readonly string[]): boolean {
  return names.some((wanted) => wanted === name || (wanted !== '' && id?.startsWith(wanted) === true));
}

function exitCode(value: string): number {
  if (/^[+-]?\d{1,9}$/.test(value)) return Number(value);
  throw badFilterValue('exited', value, 'use an exit code, such as 0 or 137');
}

function stateName(value: string): StateName {
  const name = STATE_NAMES.find((one) => one === value);
  if (name !== undefined) return name;
  throw badFilterValue('status', value, `use one of ${STATE_NAMES.join(', ')}`);
}

function healthWord(value: string): HealthWord {
  const word = HEALTH_WORDS.find((one) => one === value);
  if (word !== undefined) return word;
  throw badFilterValue('health', value, `use one of ${HEALTH_WORDS.join(', ')}`);
}

/** Returns the id of the container that a filter names; of several values the last one counts. */
function named({ database }: Context, values: readonly string[]): string | undefined {
  return values.map((value) => findContainer(database, value).id).at(-1);
}

function between<Row extends ContainerRow>(
  rows: readonly Row[],
  { before, since }: { before: string | undefined; since: string | undefined },
): readonly Row[] {
  const position = (id: string) => rows.findIndex((row) => row.id === id);
  const end = since === undefined ? rows.length : position(since);
  return rows.slice(before === undefined ? 0 : position(before) + 1, Math.max(end, 0));
}

/** The image that a name means now; the one that skiff carries is called without its registry. */
export function imageNamed(database: Database, text: string): ImageRow | undefined {
  return (lookUpImage(database, text) ?? lookUpImage(database, `localhost/${text}`))?.image;
}

/** Images are made from one another when the one's layers are those of the other and some more on top. */
function descendsFrom(ancestors: readonly ImageRow[]): RowTest {
  return ({ row }) =>
    ancestors.some(({ id, layers }) => {
      if (id === row.imageId) return true;
      const top = layers.at(-1);
      return top !== undefined && row.layers.length > layers.length && row.layers[layers.length - 1] === top;
    });
}

/** `80`, `80/udp`, `8000-8080/tcp`: a test for ports written as `80/tcp`. */
function portRange(filter: string, value: string): (port: string) => boolean {
  const found = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(value);
  const [first, last] = [Number(found?.[1]), Number(found?.[2] ?? found?.[1])];
  if (found === null || last > 65_535 || first > last)
    throw badFilterValue(filter, value, 'use a port or a range of them, such as 80, 53/udp or 8000-8080/tcp');
  const protocol = (found[3] ?? 'tcp').toLowerCase();
  return (port) => {
    const [number, ownProtocol = 'tcp'] = port.split('/');
    return ownProtocol === protocol && Number(number) >= first && Number(number) <= last;
  };
}
