import { describe, expect, it } from 'vitest';
import type { Reply } from '../../../../src/api/http/reply.ts';
import { Progress } from '../../../../src/api/images/progress.ts';
import { EngineError } from '../../../../src/errors.ts';
import type { Digest } from '../../../../src/oci/digest.ts';

const layer = (digit: string) => `sha256:${digit.repeat(64)}` as Digest;
const about = (status: string, digit: string, progressDetail = {}) => ({
  status,
  progressDetail,
  id: digit.repeat(12),
});

/** A progress, and the lines of its answer: undefined while there is none. */
function progressed() {
  const told: { lines?: object[] } = {};
  const stream = () => {
    const lines: object[] = [];
    told.lines = lines;
    return { write: async () => {}, line: async (value: object) => void lines.push(value), end: () => {} };
  };
  return { told, progress: new Progress({ stream } as unknown as Reply) };
}

describe('the lines of progress', () => {
  it('of a pull name the layers that are here when another is fetched', () => {
    const { told, progress } = progressed();
    const pull = progress.ofPull();
    pull.layer(layer('a')).exists();
    expect(told.lines).toBeUndefined();
    const fetched = pull.layer(layer('b'));
    fetched.downloading(0, 9);
    fetched.downloading(4, 9);
    fetched.downloaded();
    fetched.done();
    expect(told.lines).toEqual([
      about('Already exists', 'a'),
      about('Pulling fs layer', 'b'),
      about('Downloading', 'b', { current: 4, total: 9 }),
      about('Download complete', 'b'),
      about('Pull complete', 'b'),
    ]);
  });

  it('of a pull that finds all here name layers only when they are asked for', () => {
    const { told, progress } = progressed();
    const pull = progress.ofPull();
    for (const digit of ['a', 'b']) pull.layer(layer(digit)).exists();
    expect(told.lines).toBeUndefined();
    pull.existing();
    expect(told.lines).toEqual([about('Already exists', 'a'), about('Already exists', 'b')]);
  });

  it('of a load are about the layers that are not here', () => {
    const { told, progress } = progressed();
    const load = progress.ofLoad();
    load.layer(layer('a')).exists();
    const loaded = load.layer(layer('b'));
    loaded.downloading(0, 9);
    loaded.extracting(4, 9);
    loaded.done();
    expect(told.lines).toEqual([
      about('Loading layer', 'b', { current: 4, total: 9 }),
      about('Loading layer', 'b', { current: 9, total: 9 }),
    ]);
  });

  it('of an import count the bytes that come', async () => {
    const { told, progress } = progressed();
    const bytes = (async function* () {
      yield Buffer.from('four');
    })();
    for await (const piece of progress.ofImport(bytes, 9)) expect(piece).toHaveLength(4);
    expect(told.lines).toEqual([{ status: 'Importing', progressDetail: { current: 4, total: 9 } }]);
  });

  it('have a preface only when another follows: what fails at once can have a status', async () => {
    const failed = progressed();
    const error = new EngineError('notFound', 'it is not there');
    const failing = failed.progress.during(async () => {
      failed.progress.preface({ status: 'Pulling from app', id: '1' });
      throw error;
    });
    await expect(failing).rejects.toBe(error);
    expect(failed.told.lines).toBeUndefined();
    const begun = progressed();
    await begun.progress.during(async () => {
      begun.progress.preface({ status: 'Pulling from app', id: '1' });
      begun.progress.say('more');
      throw error;
    });
    expect(begun.told.lines).toEqual([
      { status: 'Pulling from app', id: '1' },
      { status: 'more' },
      { errorDetail: { message: 'it is not there' }, error: 'it is not there' },
    ]);
  });
});
