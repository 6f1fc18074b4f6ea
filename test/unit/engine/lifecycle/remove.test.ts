import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pruneContainers } from '../../../../src/engine/lifecycle/prune.ts';
import { removeContainer } from '../../../../src/engine/lifecycle/remove.ts';
import { containerById, insertContainer } from '../../../../src/engine/store/containers.ts';
import type { Context } from '../../../../src/engine/store/context.ts';
import { discardContainer } from '../../../../src/engine/store/discard.ts';
import { containerRow, ID, thisProcess, useContext } from '../fixtures.ts';

const room = useContext();
const OTHER = 'd'.repeat(64);
const runOf = (id: string) => join(room.context.paths.run, id);
const row = () => containerById(room.context.database, ID);
let server: Server | undefined;
let context: Context;

/** A container that has ended, whose monitor, this process, still takes it apart. */
beforeEach(() => {
  // What is in the trash is of no interest here.
  context = Object.create(room.context, { helper: { value: 'true' } });
  const { paths, database } = context;
  const self = thisProcess();
  for (const path of [runOf(ID), join(paths.containers, ID)]) mkdirSync(path, { recursive: true });
  writeFileSync(join(runOf(ID), 'state'), `monitor ${self}\ninit 1 1\nstarted 5\n`);
  writeFileSync(join(paths.containers, ID, 'exit'), 'code 3\noom 0\nstarted 5\nfinished 6\n');
  insertContainer(database, containerRow(), () => false);
});

afterEach(async () => {
  await new Promise((done) => (server === undefined ? done(undefined) : server.close(done)));
  server = undefined;
});

/** Its teardown goes on until somebody waits for it: then it is done, and `look` is called right before. */
async function monitor(look: () => void): Promise<void> {
  server = createServer((socket) =>
    socket.on('data', () => {
      look();
      rmSync(runOf(ID), { recursive: true });
      socket.end('exit 3\n');
    }),
  );
  await new Promise<void>((done) => server?.listen(join(runOf(ID), 'ctl'), done));
}

describe('a container whose run is not taken apart yet', () => {
  it.each([
    ['rm', () => removeContainer(context, containerRow(), { force: false })],
    ['rm -f', () => removeContainer(context, containerRow(), { force: true })],
    ['prune', () => pruneContainers(context, {})],
  ])('keeps its row until it is, also for %s', async (_command, remove) => {
    let kept = false;
    await monitor(() => {
      kept = row() !== undefined;
    });
    await remove();
    expect(kept).toBe(true);
    expect(row()).toBeUndefined();
  });

  it('is not discarded', async () => {
    expect(await discardContainer(context, containerRow().id, () => true)).toBe(false);
    expect(row()).toBeDefined();
    expect(existsSync(join(context.paths.containers, ID))).toBe(true);
  });
});

describe('what is left of a run whose container is in no record', () => {
  it('goes with prune, unless its monitor lives', async () => {
    await monitor(() => {});
    for (const [id, state] of [
      [OTHER, 'monitor 1 1\ninit 1 1\nstarted 5\n'],
      ['e'.repeat(64), `monitor ${thisProcess()}\ninit 1 1\nstarted 5\n`],
    ] as const) {
      mkdirSync(runOf(id), { recursive: true });
      writeFileSync(join(runOf(id), 'state'), state);
    }
    await pruneContainers(context, {});
    expect([OTHER, 'e'.repeat(64)].map((id) => existsSync(runOf(id)))).toEqual([false, true]);
  });
});
