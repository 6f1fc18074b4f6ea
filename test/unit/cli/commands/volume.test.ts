import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CommandModule } from '../../../../src/cli/command/entry.ts';
import type { Session } from '../../../../src/cli/command/session.ts';
import { volume as inspectVolume } from '../../../../src/cli/commands/inspect-of-kind.ts';
import * as create from '../../../../src/cli/commands/volume/create.ts';
import * as ls from '../../../../src/cli/commands/volume/ls.ts';
import * as prune from '../../../../src/cli/commands/volume/prune.ts';
import * as rename from '../../../../src/cli/commands/volume/rename.ts';
import * as rm from '../../../../src/cli/commands/volume/rm.ts';
import type { VolumeInfo } from '../../../../src/engine/options/volume.ts';
import type { Volumes } from '../../../../src/engine/volumes.ts';
import { EngineError } from '../../../../src/errors.ts';

let printed = '';
vi.mock('../../../../src/cli/output/print.ts', () => ({
  print: (text: string) => {
    printed += text;
  },
  printError: (text: string) => {
    printed += text;
  },
}));
afterEach(() => {
  printed = '';
  process.exitCode = undefined;
});

const DATA: VolumeInfo = {
  name: 'data',
  driver: 'local',
  labels: { app: 'web' },
  options: { type: 'tmpfs', device: 'tmpfs' },
  anonymous: false,
  createdAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  mountPoint: '/store/volumes/data',
  users: [],
};

/** What a command line asks the engine for: the method and its arguments. */
async function asked(module: CommandModule, ...args: string[]): Promise<unknown[]> {
  const calls: unknown[] = [];
  const note =
    <Result>(method: string, result: Result) =>
    async (...given: unknown[]) => {
      calls.push(method, ...JSON.parse(JSON.stringify(given)));
      return result;
    };
  const volumes: Partial<Volumes> = {
    create: note('create', 'a name'),
    list: note('list', [DATA]),
    get: note('get', DATA),
    rename: note('rename', undefined),
    prune: note('prune', { deleted: ['data', 'logs'], reclaimed: 2048 }),
    remove: async (name) => {
      if (name === 'missing') throw new EngineError('notFound', 'no such volume: missing');
      if (name === 'used') throw new EngineError('conflict', 'remove used: volume is in use - [c]');
      await note('remove', undefined)(name);
    },
  };
  const session = { globals: { root: '' }, engine: async () => ({ volumes }), close: () => {} };
  const command = new Command('x')
    .exitOverride()
    .configureOutput({ writeErr: () => {}, outputError: () => {} });
  module.define(command, () => session as unknown as Session);
  await command.parseAsync(args, { from: 'user' });
  return calls;
}

describe('volume create', () => {
  it.each<[string[], object]>([
    [[], {}],
    [['data'], { name: 'data' }],
    [['--name', 'data'], { name: 'data' }],
    [
      ['-d', 'local', '--label', 'a=b', '--label', 'c', 'data'],
      { name: 'data', driver: 'local', labels: { a: 'b', c: '' } },
    ],
    [
      ['-o', 'type=tmpfs', '--opt', 'device=tmpfs', '-o', 'o=size=1m,uid=5', 'data'],
      { name: 'data', options: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,uid=5' } },
    ],
  ])('asks for what %j says', async (args, expected) => {
    expect(await asked(create, ...args)).toEqual(['create', expected]);
    expect(printed).toBe('a name\n');
  });

  it('takes one name', async () => {
    await expect(asked(create, '--name', 'one', 'other')).rejects.toThrow('not both');
  });
});

describe('volume ls', () => {
  it.each([
    [[], 'DRIVER    VOLUME NAME\nlocal     data\n'],
    [['-q'], 'data\n'],
    [['--format', 'raw'], 'name: data\ndriver: local\n\n'],
    [
      ['--format', '{{.Name}} {{.Mountpoint}} {{.Scope}} {{.Labels}} {{.Label "app"}} {{.Links}} {{.Size}}'],
      'data /store/volumes/data local app=web web N/A N/A\n',
    ],
  ])('with %j prints as Docker does', async (args, expected) => {
    await asked(ls, ...args);
    expect(printed).toBe(expected);
  });

  it('hands filters on, and refuses those that there are not as Docker does', async () => {
    const filters = [
      '-f',
      'label=a',
      '-f',
      'name=x',
      '-f',
      'name=y',
      '-f',
      'dangling=1',
      '-f',
      'driver=local',
    ];
    expect(await asked(ls, ...filters)).toEqual([
      'list',
      { label: ['a'], name: ['x', 'y'], dangling: true, driver: ['local'] },
    ]);
    await expect(asked(ls, '-f', 'foo=x')).rejects.toThrow("invalid filter 'foo'");
    await expect(asked(ls, '-f', 'dangling=zz')).rejects.toThrow("invalid filter 'dangling=zz'");
  });
});

describe('volume inspect', () => {
  it('prints what Docker prints', async () => {
    await asked(inspectVolume, 'data');
    expect(JSON.parse(printed)).toEqual([
      {
        CreatedAt: '2026-01-02T03:04:05Z',
        Driver: 'local',
        Labels: { app: 'web' },
        Mountpoint: '/store/volumes/data',
        Name: 'data',
        Options: { device: 'tmpfs', type: 'tmpfs' },
        Scope: 'local',
      },
    ]);
  });
});

describe('volume rm', () => {
  it('goes on after one that cannot go, and exits with 1', async () => {
    expect(await asked(rm, 'missing', 'used', 'data')).toEqual(['remove', 'data']);
    expect(printed).toContain('no such volume: missing');
    expect(printed).toContain('volume is in use');
    expect(printed).toMatch(/\ndata\n$/);
    expect(process.exitCode).toBe(1);
  });

  it('with --force takes one that there is not for removed, and one that is in use not', async () => {
    await asked(rm, '-f', 'missing');
    expect(printed).toBe('missing\n');
    expect(process.exitCode).toBeUndefined();
    await asked(rm, '-f', 'used');
    expect(process.exitCode).toBe(1);
  });
});

describe('volume prune', () => {
  it.each<[string[], object, boolean]>([
    [[], {}, false],
    [['-a'], {}, true],
    [['--filter', 'all=1'], { all: true }, true],
    [
      ['--filter', 'label=a', '--filter', 'label!=b=c'],
      {
        labels: [
          { key: 'a', negated: false },
          { key: 'b', value: 'c', negated: true },
        ],
      },
      false,
    ],
  ])('with %j asks for that', async (args, filters, all) => {
    expect(await asked(prune, '-f', ...args)).toEqual(['prune', filters, { all }]);
    expect(printed).toBe('Deleted Volumes:\ndata\nlogs\n\nTotal reclaimed space: 2.05kB\n');
  });

  it('refuses a filter that there is not', async () => {
    await expect(asked(prune, '-f', '--filter', 'foo=x')).rejects.toThrow('invalid filter "foo=x"');
    await expect(asked(prune, '-f', '--filter', 'all=maybe')).rejects.toThrow('invalid filter "all=maybe"');
  });
});

describe('volume rename', () => {
  it('says which and how', async () => {
    expect(await asked(rename, 'data', 'archive')).toEqual(['rename', 'data', 'archive']);
  });
});
