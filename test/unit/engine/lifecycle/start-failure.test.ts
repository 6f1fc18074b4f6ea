import { constants } from 'node:os';
import { expect, it } from 'vitest';
import { platformReason } from '../../../../src/engine/lifecycle/start-failure.ts';

const { ENOEXEC, ENOENT, EACCES } = constants.errno;

it.each([
  ['exec', ENOEXEC, 'foreign'],
  // What execve(2) says of a program whose emulator is registered, and not in the container.
  ['exec-interpreter', ENOENT, 'unreachable'],
  ['exec', ENOENT, undefined],
  ['exec', EACCES, undefined],
  ['port', ENOEXEC, undefined],
])('a failure of %s with errno %i is by the platform of the image: %s', (stage, errno, reason) => {
  expect(platformReason({ stage, errno, detail: '' })).toBe(reason);
});
