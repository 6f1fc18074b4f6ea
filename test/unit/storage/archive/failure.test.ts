import { constants } from 'node:os';
import { expect, it } from 'vitest';
import { copyError } from '../../../../src/storage/archive/failure.ts';

const { ENOENT, ENOTDIR, EACCES, EIO, EXDEV, ENAMETOOLONG } = constants.errno;

it.each<[string, number, string, string]>([
  ['copy-to', ENOENT, 'notFound', 'no such directory: /a\\x1bb'],
  ['look', ENOENT, 'notFound', 'no such file or directory: /a\\x1bb'],
  ['copy', ENOENT, 'notFound', 'no such file or directory: /a\\x1bb'],
  ['place', ENOENT, 'notFound', 'entry "/a\\x1bb" is a hard link to something that is not there'],
  ['copy-to', ENOTDIR, 'conflict', 'not a directory: /a\\x1bb'],
  ['place', ENOTDIR, 'conflict', 'cannot overwrite non-directory "/a\\x1bb" with directory'],
  ['copy', EACCES, 'denied', 'cannot open "/a\\x1bb": permission denied'],
  ['place', EXDEV, 'invalid', 'a link leads out of the directory on the way to "/a\\x1bb"'],
  ['place', ENAMETOOLONG, 'invalid', 'the path is too long: "/a\\x1bb"'],
  ['source', EIO, 'unavailable', 'cannot read "/a\\x1bb": EIO'],
])('says what %s %i means', (stage, errno, kind, message) => {
  expect(copyError({ stage, errno, detail: '/a\x1bb' })).toMatchObject({ kind, message });
});
