import { expect, it } from 'vitest';
import { diskError } from '../../../../src/engine/store/disk-error.ts';
import { EngineError } from '../../../../src/errors.ts';

/** An error as the system's calls throw it. */
function failure(code: string): Error {
  return Object.assign(new Error(`${code}: said so, write`), { code, syscall: 'write' });
}

it.each(['ENOSPC', 'EDQUOT'])('%s is a disk that is full, with what to do', (code) => {
  expect(diskError(failure(code), '/store')).toMatchObject({
    kind: 'unavailable',
    message: 'no space left on device for /store',
    hint: expect.stringContaining('--root'),
  });
});

it('another error of the system names the place, and what it said', () => {
  expect(diskError(failure('EROFS'), '/store')).toMatchObject({
    kind: 'unavailable',
    message: 'cannot write below /store: EROFS: said so, write',
  });
});

it('what no call of the system has thrown stays as it is', () => {
  const errors = [new EngineError('conflict', 'the name is taken'), new TypeError('a fault of ours')];
  expect(errors.map((error) => diskError(error, '/store'))).toEqual(errors);
});
