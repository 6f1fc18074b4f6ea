import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const SOURCE = join(ROOT, 'src');

/** Floors of src/ARCHITECTURE.md: the first folder of a path, or a file beside the folders. */
const FLOORS: Readonly<Record<string, number>> = {
  cli: 7,
  api: 6,
  grammar: 5,
  engine: 4,
  registry: 3,
  storage: 3,
  image: 3,
  runtime: 3,
  network: 3,
  volume: 3,
  build: 3,
  host: 2,
  oci: 1,
  'errors.ts': 1,
  'nearest-name.ts': 1,
};

/**
 * The rooms of each floor that has them, from the ground up: a file imports, on its own floor, from its own room and from
 * those that stand before it. Files beside the folders are the room ''.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  cli: [
    'text',
    'template',
    'output',
    'command',
    'options',
    'create',
    'commands/container',
    'commands/image',
    'commands/builder',
    'commands/manifest',
    'commands/network',
    'commands/volume',
    'commands/snapshot',
    'commands/system',
    'commands',
    'callbacks',
    '',
  ],
  api: [
    'http',
    'bodies',
    'system',
    'containers',
    'execs',
    'images',
    'buildkit',
    'build',
    'networks',
    'volumes',
    'absent',
    '',
  ],
  engine: [
    'options',
    'store',
    'events',
    'state',
    'leases',
    'images',
    'manifests',
    'volumes',
    'networks',
    'endpoints',
    'prepare',
    'archives',
    'snapshots',
    'lifecycle',
    'build',
    'inspect',
    'explain',
    'reports',
    'logs',
    'system',
    'doctor',
    'check',
    '',
  ],
  build: ['words', 'dockerfile', 'stages', 'context', 'lint', 'cache'],
  network: ['address', 'files', 'ports', 'nft', ''],
  runtime: ['', 'cgroup', 'spec', 'plan', 'failure', 'log', 'monitor', 'seccomp'],
  storage: ['', 'tar', 'layer', 'archive'],
};

/** What only some places may import: heavy modules, and what belongs to one JavaScript runtime. */
const RESERVED: readonly { module: RegExp; places: readonly string[] }[] = [
  { module: /^node-fetch$/, places: ['registry/transport.ts'] },
  { module: /^tar-stream$/, places: ['storage/'] },
  { module: /^smol-toml$/, places: ['registry/registries-conf.ts'] },
  { module: /^execa$/, places: ['host/run-program.ts'] },
  { module: /^ora$/, places: ['cli/'] },
  { module: /^commander$/, places: ['cli/'] },
  { module: /^node:sqlite$/, places: ['host/database.ts'] },
  { module: /^bun(:|$)/, places: ['host/', 'registry/transport.ts'] },
];

const TOP_LEVEL = [
  'CHANGELOG.md',
  'Dockerfile.test',
  'LICENSE',
  'README.md',
  'bin',
  'native',
  'package-lock.json',
  'package.json',
  'src',
  'test',
  'tsconfig.json',
];

interface Import {
  /** Relative to `src`. */
  from: string;
  /** Relative to `src` for a file, otherwise the module's name. */
  to: string;
  isFile: boolean;
  /** Known when the program starts, not asked for while it runs, and not for types alone. */
  atStart: boolean;
}

const IMPORT =
  /^(?:import|export)\s+(?<type>type\s)?(?:[^'";]*?\sfrom\s+)?'(?<static>[^']+)'|\bimport\(\s*'(?<dynamic>[^']+)'\s*\)/gm;

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const imports = files.flatMap(importsOf);

function importsOf(from: string): Import[] {
  const text = readFileSync(join(SOURCE, from), 'utf8');
  return [...text.matchAll(IMPORT)].map(({ groups }) => {
    const name = groups?.static ?? groups?.dynamic ?? '';
    const isFile = name.startsWith('.');
    const to = isFile ? relative(SOURCE, resolve(SOURCE, dirname(from), name)) : name;
    const atStart = groups?.static !== undefined && groups.type === undefined;
    return { from, to, isFile, atStart };
  });
}

const show = ({ from, to }: Import) => `${from} → ${to}`;
const folder = (file: string) => file.split('/')[0] ?? '';
const floor = (file: string) => FLOORS[folder(file)] ?? Number.NaN;
/** The folders of a file on its floor. */
const room = (file: string) => dirname(file).split('/').slice(1).join('/');
const storey = (file: string) => ROOMS[folder(file)]?.indexOf(room(file)) ?? 0;
const internal = imports.filter(({ isFile, to }) => isFile && !to.startsWith('..'));

describe('the source', () => {
  it('has a floor for every folder', () => {
    expect(files.filter((file) => Number.isNaN(floor(file)))).toEqual([]);
  });

  it('is found by this test, lazily imported modules included', () => {
    expect(internal.some(({ atStart }) => atStart)).toBe(true);
    expect(internal.some(({ from, atStart }) => !atStart && from.startsWith('cli/'))).toBe(true);
  });

  it('imports downward only', () => {
    expect(internal.filter(({ from, to }) => !(floor(from) >= floor(to))).map(show)).toEqual([]);
  });

  it('has a room for every file', () => {
    expect(files.filter((file) => storey(file) < 0)).toEqual([]);
    const empty = Object.entries(ROOMS).flatMap(([name, rooms]) =>
      rooms.filter((each) => !files.some((file) => folder(file) === name && room(file) === each)),
    );
    expect(empty).toEqual([]);
  });

  it('imports from rooms that stand before', () => {
    const upward = internal.filter(
      ({ from, to }) => folder(from) === folder(to) && !(storey(from) >= storey(to)),
    );
    expect(upward.map(show)).toEqual([]);
  });

  it('keeps domains and faces apart', () => {
    const sideways = internal.filter(
      ({ from, to }) => floor(from) === floor(to) && folder(from) !== folder(to) && floor(from) > 1,
    );
    expect(sideways.map(show)).toEqual([]);
  });

  it('imports no file from outside', () => {
    expect(imports.filter(({ isFile, to }) => isFile && to.startsWith('..')).map(show)).toEqual([]);
  });

  it('has no import cycles', () => {
    expect(cycles()).toEqual([]);
  });

  it('keeps heavy modules and those of one runtime in their places', () => {
    const misplaced = imports.filter(({ from, to }) =>
      RESERVED.some(
        ({ module, places }) => module.test(to) && !places.some((place) => from.startsWith(place)),
      ),
    );
    expect(misplaced.map(show)).toEqual([]);
  });

  it('names the modules of Node with their prefix and files with their ending', () => {
    const packages = Object.keys(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).dependencies);
    const odd = imports.filter(({ to, isFile }) =>
      isFile
        ? !to.endsWith('.ts')
        : !to.startsWith('node:') && !/^bun(:|$)/.test(to) && !packages.includes(to),
    );
    expect(odd.map(show)).toEqual([]);
  });
});

describe("the paths of the commands of a container's life", () => {
  // What they load until they become the helper, or are done. Of Node's own modules these cost Bun 1 to 4 ms each.
  const heavy =
    /^(node-fetch|smol-toml|tar-stream|execa|ora|node:(crypto|util|child_process|net|http|stream|zlib|events|os|tty|fs\/promises))$/;
  const paths: Readonly<Record<string, string>> = {
    run: 'engine/lifecycle/run.ts',
    create: 'engine/lifecycle/run.ts',
    start: 'engine/lifecycle/start.ts',
    exec: 'engine/lifecycle/exec.ts',
    stop: 'engine/lifecycle/stop.ts',
    rm: 'engine/lifecycle/remove.ts',
    ps: 'engine/reports/ps.ts',
  };
  const atOnce = (command: string) => [
    'cli/main.ts',
    `cli/commands/container/${command}.ts`,
    'engine/engine.ts',
  ];

  it.each(Object.entries(paths))('%s starts without the heavy modules', (command, lazily) => {
    const reached = reachedAtStart([...atOnce(command), lazily]);
    expect(reached.filter((module) => heavy.test(module))).toEqual([]);
  });

  it.each(Object.entries(paths))('%s loads nothing of what would explain it', (command, lazily) => {
    const reached = reachedAtStart([...atOnce(command), lazily]);
    expect(
      reached.filter((module) => /^engine\/explain\/|\/(preview|explain\w*|sheet)/.test(module)),
    ).toEqual([]);
  });

  it('a container with volumes that are there starts without them, too', () => {
    const lazily = ['engine/prepare/mounts.ts', 'engine/prepare/volumes.ts', 'engine/volumes/ensure.ts'];
    const reached = reachedAtStart(lazily);
    expect(reached.filter((module) => heavy.test(module))).toEqual([]);
    // What makes and fills them, each a chunk of its own.
    for (const module of ['volumes/define.ts', 'volumes/image-content.ts', 'prepare/source-remarks.ts'])
      expect(reached).not.toContain(`engine/${module}`);
  });

  it.each(Object.entries(paths))('%s is what this test thinks it is', (command, lazily) => {
    const reached = reachedAtStart(atOnce(command));
    const asked = imports
      .filter(({ from, atStart }) => reached.includes(from) && !atStart)
      .map(({ to }) => to);
    expect(asked).toContain(lazily);
  });
});

describe('the paths of build and push', () => {
  // A build of which all is cached, and a push of what is there already, load none of these: with the streams that most of them
  // bring they cost Bun 4 to 10 ms.
  const heavy =
    /^(node-fetch|tar-stream|execa|ora|node:(crypto|util|child_process|net|tls|http|https|stream|stream\/.*|zlib|events|tty|readline))$/;
  const paths: Readonly<Record<string, readonly string[]>> = {
    build: ['cli/commands/image/build.ts', 'engine/builder.ts', 'engine/build/build-image.ts'],
    push: [
      'cli/commands/image/push.ts',
      'engine/images.ts',
      'engine/images/push.ts',
      'engine/images/registries.ts',
    ],
  };

  it.each(Object.entries(paths))('%s starts without the heavy modules', (_command, modules) => {
    const reached = reachedAtStart(['cli/main.ts', 'engine/engine.ts', ...modules]);
    for (const module of modules) expect(files).toContain(module);
    expect(reached.filter((module) => heavy.test(module))).toEqual([]);
  });
});

describe('the top level', () => {
  it('is fixed', () => {
    const made = ['build', 'node_modules'];
    const entries = readdirSync(ROOT).filter((entry) => !entry.startsWith('.') && !made.includes(entry));
    expect(entries.sort()).toEqual(TOP_LEVEL);
  });
});

function reachedAtStart(entries: readonly string[]): string[] {
  const reached = new Set(entries);
  for (const module of reached) {
    for (const { from, to, atStart } of imports) if (from === module && atStart) reached.add(to);
  }
  return [...reached];
}

/** Every cycle of imports, also of types and of modules loaded on demand, as `a → b → a`. */
function cycles(): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file].join(' → '));
    if (start >= 0 || done.has(file)) return;
    for (const { from, to } of internal) if (from === file) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}
