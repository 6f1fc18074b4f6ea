import { describe, expect, it } from 'vitest';
import { wordsOf } from '../../../../src/api/http/words.ts';
import { renderError } from '../../../../src/cli/output/error.ts';
import { checkName } from '../../../../src/engine/options/container-name.ts';
import { isNotRunning } from '../../../../src/engine/state/status.ts';
import {
  type ContainerId,
  changeName,
  findContainer,
  insertContainer,
} from '../../../../src/engine/store/containers.ts';
import { findImage } from '../../../../src/engine/store/images.ts';
import { findNetwork } from '../../../../src/engine/store/networks.ts';
import { findVolume } from '../../../../src/engine/store/volumes.ts';
import { EngineError } from '../../../../src/errors.ts';
import { containerRow, ID, useContext } from '../../engine/fixtures.ts';

const room = useContext();

function thrown(act: () => unknown): EngineError {
  try {
    act();
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe("Docker's words", () => {
  it.each<[string, () => unknown]>([
    ['No such container: x', () => findContainer(room.context.database, 'x')],
    ['No such image: x:latest', () => findImage(room.context.database, 'x')],
    ['No such image: x:1', () => findImage(room.context.database, 'docker.io/library/x:1')],
    ['No such image: example.com/a/b:latest', () => findImage(room.context.database, 'example.com/a/b')],
    // And not 400: docker inspect goes on to volumes and networks, which may be called so.
    ['No such image: Bad Ref', () => findImage(room.context.database, 'Bad Ref')],
    ['No such image: sha256:1234', () => findImage(room.context.database, 'sha256:1234')],
    ['network x not found', () => findNetwork(room.context.database, 'x')],
    ['get x: no such volume', () => findVolume(room.context.database, 'x')],
    [
      'Invalid container name (-x), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed, two of them at least',
      () => checkName('-x'),
    ],
  ])('are %j', (words, act) => {
    expect(wordsOf(thrown(act))).toBe(words);
  });

  it('name who has a name, by which clients take it back', () => {
    const { database } = room.context;
    insertContainer(database, containerRow({ name: 'taken' }), () => false);
    const other = containerRow({ id: 'd'.repeat(64) as ContainerId, name: 'other' });
    const words = `Conflict. The container name "/taken" is already in use by container "${ID}". You have to remove (or rename) that container to be able to reuse that name.`;
    const creating = thrown(() => insertContainer(database, { ...other, name: 'taken' }, () => false));
    expect(wordsOf(creating)).toBe(words);
    insertContainer(database, other, () => false);
    expect(wordsOf(thrown(() => changeName(database, other, 'taken', () => false)))).toBe(words);
  });

  it("are said to clients of the API; the command line has its own, with commands of skiff's", () => {
    const error = isNotRunning({ id: ID, name: 'web' });
    expect(wordsOf(error)).toBe(`Container ${ID} is not running`);
    expect(renderError(error, { debug: false, colour: false })).toBe(
      'skiff: container web is not running\nhint: skiff ps -a shows what it is doing, skiff start web starts it\n',
    );
  });

  it('are the message and its hint for what clients know no words of, without the commands of another client', () => {
    const hint = 'choose another one';
    expect(wordsOf(new EngineError('invalid', 'that is wrong', { hint }))).toBe(
      'that is wrong (choose another one)',
    );
    expect(wordsOf(new EngineError('invalid', 'that is wrong', { remedy: 'skiff rm it' }))).toBe(
      'that is wrong',
    );
    expect(wordsOf(new EngineError('invalid', 'a:1: wrong\n   1 | >>> RUN', { hint: 'write RUN' }))).toBe(
      'a:1: wrong\n   1 | >>> RUN\n(write RUN)',
    );
  });
});
