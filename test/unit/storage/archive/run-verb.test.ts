import { constants } from 'node:os';
import { expect, it } from 'vitest';
import { archiveError, runVerb } from '../../../../src/storage/archive/run-verb.ts';

const { errno } = constants;

it.each<[string, number, string, string, string]>([
  ['archive', 66, 'a/moved', 'unsupported', '/a/moved was renamed or changed by reference alone'],
  ['archive', errno.EILSEQ, '.wh.x', 'invalid', '/.wh.x cannot be part of an image'],
  ['archive', errno.ENAMETOOLONG, 'd/d', 'invalid', '/d/d cannot be part of an image'],
  ['archive', errno.ENOSPC, 'a', 'unavailable', 'no space left on device'],
  ['archive', errno.EPIPE, 'a', 'unavailable', 'nobody reads the archive any more'],
  ['archive', errno.EIO, 'a\x1bb', 'unavailable', '/a\\x1bb cannot be read: EIO'],
  ['archive-root', errno.ESRCH, 'bare:1:2', 'conflict', 'bare:1:2 cannot be opened (archive-root): ESRCH'],
])('says what %s %i %j means', (stage, error, detail, kind, message) => {
  expect(archiveError(stage, error, detail)).toMatchObject({
    kind,
    message: expect.stringContaining(message),
  });
});

it('says so when the helper cannot be started', async () => {
  const verb = runVerb(['archive'], { helper: '/nowhere/helper' });
  await expect(verb.next()).rejects.toMatchObject({
    kind: 'internal',
    message: expect.stringContaining('ENOENT'),
  });
});

it('says so when nobody reads any more', async () => {
  // A shell that ends as a helper does whose reader has gone.
  const verb = runVerb(['-c', 'kill -PIPE $$'], { helper: '/bin/sh' });
  await expect(verb.next()).rejects.toMatchObject({ message: 'nobody reads the archive any more' });
});
