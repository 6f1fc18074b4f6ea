import { describe, expect, it } from 'vitest';
import { execOptions, execStart, UNREAD_EXEC } from '../../../../src/api/bodies/exec.ts';
import { JsonObject } from '../../../../src/api/http/json.ts';

const read = (config: object, version = 51) =>
  execOptions(new JsonObject({ Cmd: ['ls'], ...config }), version);
const start = (config: object, version = 51) => execStart(new JsonObject(config), version);

/** The members of ExecConfig in Docker's API 1.24 to 1.51, each with what it cannot be. */
const MEMBERS = {
  AttachStdin: 1,
  AttachStdout: 1,
  AttachStderr: 1,
  ConsoleSize: [1],
  Detach: 1,
  DetachKeys: 'ctrl-',
  Tty: 1,
  Env: 'A=1',
  Cmd: 1,
  Privileged: 1,
  User: 1,
  WorkingDir: 1,
};

const START_MEMBERS = { Detach: 1, Tty: 1, ConsoleSize: [1] };

describe('a body that makes an exec', () => {
  it.each(Object.entries(MEMBERS))('has no %s that is %j, unless it is known as harmless', (name, value) => {
    if (name in UNREAD_EXEC) expect(() => read({ [name]: value })).not.toThrow();
    else expect(() => read({ [name]: value })).toThrow(name === 'DetachKeys' ? 'detach keys' : name);
  });

  it('is what its members say', () => {
    expect(
      read({
        AttachStdin: true,
        AttachStderr: true,
        ConsoleSize: [10, 20],
        DetachKeys: 'a',
        Tty: true,
        Env: ['A=1', 'B'],
        Privileged: true,
        User: 'app',
        WorkingDir: '/w',
      }),
    ).toEqual({
      argv: ['ls'],
      env: ['A=1', 'B'],
      cwd: '/w',
      user: 'app',
      privileged: true,
      stdin: true,
      terminal: true,
      streams: ['stdin', 'stderr'],
      detachKeys: expect.any(String),
      size: { rows: 10, columns: 20 },
    });
  });

  it('is nothing without a command', () => {
    for (const Cmd of [null, []]) expect(() => read({ Cmd })).toThrow('No exec command specified');
  });
});

describe('a body that starts an exec', () => {
  it.each(Object.entries(START_MEMBERS))('has no %s that is %j', (name, value) => {
    expect(() => start({ Tty: true, [name]: value })).toThrow(name);
  });

  it('has frames unless it says a terminal, and a size with one only', () => {
    const ConsoleSize = [10, 20];
    expect(start({ ConsoleSize })).toEqual({ detached: false, framed: true, size: undefined });
    expect(start({ ConsoleSize, Tty: true, Detach: true })).toEqual({
      detached: true,
      framed: false,
      size: { rows: 10, columns: 20 },
    });
  });
});

describe('the size of a terminal', () => {
  it('is said since 1.42, and nothing is said by zeros', () => {
    const ConsoleSize = [10, 20];
    expect([41, 42].map((version) => read({ ConsoleSize }, version).size)).toEqual([
      undefined,
      { rows: 10, columns: 20 },
    ]);
    expect(start({ ConsoleSize: 'x', Tty: true }, 41).size).toBeUndefined();
    expect(read({ ConsoleSize: [0, 0] }).size).toBeUndefined();
  });
});
