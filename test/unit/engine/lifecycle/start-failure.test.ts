import { constants } from 'node:os';
import { expect, it } from 'vitest';
import { noteStartFailure, platformReason } from '../../../../src/engine/lifecycle/start-failure.ts';
import { containerById, insertContainer } from '../../../../src/engine/store/containers.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const { ENOEXEC, ENOENT, EACCES, EADDRINUSE } = constants.errno;
const room = useContext();

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

it('is kept as what it is, for faces that have words of their own for it', async () => {
  insertContainer(room.context.database, containerRow(), () => false);
  await noteStartFailure(room.context, containerRow(), {
    stage: 'port',
    errno: EADDRINUSE,
    detail: 'tcp 192.0.2.1 65535',
  });
  expect(containerById(room.context.database, ID)?.error).toEqual({
    kind: 'conflict',
    message: 'port 192.0.2.1:65535/tcp is in use',
    hint: 'publish another one',
    exitCode: 125,
    failure: 'portInUse',
    subject: '192.0.2.1:65535',
  });
});
