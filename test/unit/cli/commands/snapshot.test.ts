import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CommandModule } from '../../../../src/cli/command/entry.ts';
import type { Session } from '../../../../src/cli/command/session.ts';
import * as diff from '../../../../src/cli/commands/container/diff.ts';
import * as undo from '../../../../src/cli/commands/container/undo.ts';
import * as ls from '../../../../src/cli/commands/snapshot/ls.ts';
import * as rm from '../../../../src/cli/commands/snapshot/rm.ts';
import * as take from '../../../../src/cli/commands/snapshot/take.ts';
import type { Containers } from '../../../../src/engine/containers.ts';
import type { SnapshotInfo } from '../../../../src/engine/options/snapshot.ts';

let printed = '';
vi.mock('../../../../src/cli/output/print.ts', () => ({
  print: (text: string | Uint8Array) => {
    printed += Buffer.from(text as string).toString();
  },
  printError: (text: string) => {
    printed += text;
  },
}));
afterEach(() => {
  printed = '';
  process.exitCode = undefined;
});

const SNAPSHOT: SnapshotInfo = {
  container: { id: 'c'.repeat(64), name: 'web' },
  name: 'before',
  kind: 'asked',
  createdAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  bytes: 4_430_000,
};

/** What a command line asks the engine for: the methods and their arguments. */
async function asked(module: CommandModule, ...args: string[]): Promise<unknown[]> {
  const calls: unknown[] = [];
  const note =
    <Result>(method: string, result: Result) =>
    async (...given: unknown[]) => {
      calls.push(method, ...JSON.parse(JSON.stringify(given)));
      return result;
    };
  async function* changes() {
    yield [{ kind: 'A' as const, path: '/a' }];
  }
  const containers: Partial<Containers> = {
    snapshot: note('snapshot', 'by-time'),
    snapshots: note('snapshots', [SNAPSHOT]),
    removeSnapshot: note('removeSnapshot', undefined),
    undo: note('undo', { snapshot: 'before', before: 'before-undo' }),
    changes: note('changes', changes()),
    changesSince: note('changesSince', changes()),
  };
  const session = { globals: { root: '' }, engine: async () => ({ containers }), close: () => {} };
  const command = new Command('x')
    .exitOverride()
    .configureOutput({ writeErr: () => {}, outputError: () => {} });
  module.define(command, () => session as unknown as Session);
  await command.parseAsync(args, { from: 'user' });
  return calls;
}

describe('snapshot', () => {
  it.each([
    [['web'], ['web', { pause: true }]],
    [
      ['web', 'one'],
      ['web', { name: 'one', pause: true }],
    ],
    [
      ['--no-pause', 'web'],
      ['web', { pause: false }],
    ],
    [
      ['-p=false', 'web', 'one'],
      ['web', { name: 'one', pause: false }],
    ],
    [
      ['web', '--pause'],
      ['web', { pause: true }],
    ],
  ])('asks for what %j says', async (args, expected) => {
    expect((await asked(take, ...args)).slice(0, 3)).toEqual(['snapshot', ...expected]);
    expect(printed).toBe('by-time\n');
  });

  it('takes a container and a name, and no more', async () => {
    await expect(asked(take)).rejects.toThrow("missing required argument 'container'");
    await expect(asked(take, 'a', 'b', 'c')).rejects.toThrow('too many arguments');
    await expect(asked(take, '--pause=maybe', 'a')).rejects.toThrow('"maybe"');
  });
});

describe('snapshot ls', () => {
  it.each([
    [[], 'snapshots', null],
    [['web'], 'snapshots', ['web']],
    [['-f', 'container=web', '--filter', 'container=db'], 'snapshots', ['web', 'db']],
  ])('with %j asks for those', async (args, ...expected) => {
    expect(await asked(ls, ...(args as string[]))).toEqual(expected);
  });

  it.each([
    [['-q'], 'web@before\n'],
    [
      ['--format', '{{.ContainerID}} {{.Container}} {{.Name}} {{.Kind}} {{.Size}}'],
      'cccccccccccc web before asked 4.43MB\n',
    ],
    [['--format', 'table {{.Snapshot}}\t{{.Size}}'], 'SNAPSHOT     SIZE\nweb@before   4.43MB\n'],
  ])('with %j prints', async (args, expected) => {
    await asked(ls, ...args);
    expect(printed).toBe(expected);
  });

  it('refuses a filter that there is not', async () => {
    await expect(asked(ls, '-f', 'name=x')).rejects.toThrow("invalid filter 'name'");
  });
});

describe('CONTAINER@NAME', () => {
  it('is what rm removes, undo goes back to and diff looks at', async () => {
    expect(await asked(rm, 'web@one', 'db@two')).toEqual([
      'removeSnapshot',
      'web',
      'one',
      'removeSnapshot',
      'db',
      'two',
    ]);
    expect(printed).toBe('web@one\ndb@two\n');
    printed = '';
    expect((await asked(undo, 'web@one')).slice(0, 3)).toEqual(['undo', 'web', 'one']);
    expect(printed).toBe('web@before-undo\n');
    expect(await asked(diff, 'web@one')).toEqual(['changesSince', 'web', 'one']);
  });

  it('without @NAME is no snapshot for rm, the newest for undo, and the image for diff', async () => {
    await asked(rm, 'web');
    expect([printed, process.exitCode]).toEqual([
      expect.stringContaining('does not say which snapshot'),
      125,
    ]);
    expect((await asked(undo, 'web')).slice(0, 2)).toEqual(['undo', 'web']);
    expect(await asked(diff, 'web')).toEqual(['changes', 'web']);
  });
});
