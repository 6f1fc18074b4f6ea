import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { errnoName, explainFailure } from '../../../src/runtime/failure.ts';
import { isKnownStage } from '../../../src/runtime/failure-stages.ts';

const { ENOENT, EACCES, ENOEXEC, EINVAL, EPERM, EBUSY, ENOSPC, EROFS, ENODEV, ENOMEM } = constants.errno;

function explain(stage: string, errno: number, { detail = '', command = 'app', user = '' } = {}) {
  const { error, exitCode } = explainFailure({ stage, errno, detail }, { command, user });
  return { kind: error.kind, message: error.message, hint: error.hint, exitCode };
}

describe('explainFailure', () => {
  it('says 127 for a command that PATH does not have', () => {
    expect(explain('exec', ENOENT, { detail: 'app' })).toMatchObject({
      kind: 'notFound',
      message: '"app": executable file not found in $PATH',
      exitCode: 127,
    });
  });

  it('says 127 for a path that does not exist', () => {
    const explained = explain('exec', ENOENT, { detail: '/x/app', command: '/x/app' });
    expect(explained).toMatchObject({ message: '"/x/app": no such file or directory', exitCode: 127 });
  });

  it('names the command whose interpreter is missing', () => {
    expect(explain('exec-interpreter', ENOENT, { detail: '/usr/bin/app' })).toMatchObject({
      message: '"app": the interpreter or dynamic loader of /usr/bin/app was not found',
      exitCode: 127,
    });
  });

  it.each([
    [EACCES, '"app": permission denied'],
    [ENOEXEC, '"app": exec format error'],
    [constants.errno.EISDIR, '"app": is a directory'],
    [constants.errno.ETXTBSY, '"app": text file busy'],
  ])('says 126 for a command that cannot be executed (errno %i)', (errno, message) => {
    expect(explain('exec', errno, { detail: '/bin/app' })).toMatchObject({ message, exitCode: 126 });
  });

  it('blames the working directory by its name', () => {
    expect(explain('cwd', constants.errno.ENOTDIR, { detail: '/etc/passwd' })).toMatchObject({
      kind: 'invalid',
      message: 'the working directory "/etc/passwd" cannot be used: not a directory',
      exitCode: 126,
    });
  });

  it("has Docker's words for a user that the image does not know", () => {
    expect(explain('user', ENOENT, { detail: 'app', user: 'app' })).toMatchObject({
      kind: 'notFound',
      message: 'unable to find user app: no matching entries in passwd file',
      exitCode: 125,
    });
    expect(explain('user', ENOENT, { user: 'app:staff' }).message).toContain('find user app: no');
    expect(explain('group', ENOENT, { detail: 'staff' }).message).toBe(
      'unable to find group staff: no matching entries in group file',
    );
  });

  it.each([
    ['overlay', ENODEV, 'unsupported', 'modprobe overlay'],
    ['overlay', EINVAL, 'unsupported', '--root'],
    ['overlay', EPERM, 'denied', 'CAP_SYS_ADMIN'],
    ['clone', EPERM, 'denied', 'CAP_SYS_ADMIN'],
    ['clone', constants.errno.ENOSYS, 'denied', '--privileged'],
    ['clone', ENOSPC, 'unavailable', '/proc/sys/user'],
    ['clone', constants.errno.EAGAIN, 'unavailable', 'pids.max'],
    ['clone', ENOMEM, 'unavailable', 'out of memory'],
    ['mkdir', ENOSPC, 'unavailable', 'make room'],
    ['cgroup', EROFS, 'denied', '--privileged'],
    ['write', ENOENT, 'unsupported', 'controller'],
  ])('explains %s with errno %i as %s and says what to do', (stage, errno, kind, hint) => {
    const explained = explain(stage, errno, { detail: '/some/path' });
    expect(explained).toMatchObject({ kind, exitCode: 125, hint: expect.stringContaining(hint) });
    expect(explained.message).toMatch(/^[a-z].*[^.]$/);
  });

  it('names the processes that keep a v2 controller from being handed down', () => {
    const { hint } = explain('write', EBUSY, { detail: '/sys/fs/cgroup/cgroup.subtree_control' });
    expect(hint).toContain('processes live in /sys/fs/cgroup: move them');
  });

  it("has words for every stage of a container's start", () => {
    const text = readFileSync(new URL('../../../native/stages.def', import.meta.url), 'utf8');
    // Afterwards come the verbs that work on layers, which storage explains.
    const start = text.slice(0, text.indexOf('/* Afterwards. */'));
    const stages = [...start.matchAll(/^STAGE\(\w+, "([^"]+)"\)/gm)].map(([, stage]) => stage ?? '');
    expect(stages).toContain('exec');
    expect(stages.filter((stage) => !isKnownStage(stage))).toEqual([]);
  });

  it('names a stage and a number that it does not know', () => {
    expect(explain('teleport', 9999, { detail: 'x' })).toEqual({
      kind: 'internal',
      message: 'cannot start the container: teleport x: errno 9999',
      hint: undefined,
      exitCode: 125,
    });
  });

  it('keeps the record itself as the cause', () => {
    const { error } = explainFailure({ stage: 'pivot', errno: EINVAL, detail: '/r' });
    expect(error.cause).toMatchObject({ message: 'pivot /r: EINVAL', code: 'EINVAL' });
    expect([2, 11, 95].map(errnoName)).toEqual(['ENOENT', 'EAGAIN', 'EOPNOTSUPP']);
  });
});
