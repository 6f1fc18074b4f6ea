import { expect, it } from 'vitest';
import { execObject } from '../../../../src/api/execs/inspect.ts';
import type { ExecInstance } from '../../../../src/engine/lifecycle/exec-instances.ts';

const EXEC: ExecInstance = {
  id: 'e',
  containerId: 'c',
  request: {
    argv: ['sh', '-c', 'true'],
    env: [],
    privileged: false,
    stdin: true,
    terminal: true,
    streams: ['stdin', 'stdout'],
  },
  state: 'created',
  pid: undefined,
  exitCode: undefined,
};

/** Beside Docker 20.10. */
const SHOWN = {
  ID: 'e',
  Running: false,
  ExitCode: null,
  ProcessConfig: { tty: true, entrypoint: 'sh', arguments: ['-c', 'true'], privileged: false },
  OpenStdin: true,
  OpenStderr: false,
  OpenStdout: true,
  CanRemove: false,
  ContainerID: 'c',
  DetachKeys: '',
  Pid: 0,
};

it('shows an exec in the shapes of Docker', () => {
  expect(execObject(EXEC)).toEqual(SHOWN);
  const running = { ...EXEC, state: 'running', pid: 7 } as const;
  expect(execObject(running)).toEqual({ ...SHOWN, Running: true, Pid: 7 });
  const ended = { ...EXEC, state: 'ended', exitCode: 3 } as const;
  expect(execObject(ended)).toEqual({ ...SHOWN, ExitCode: 3 });
});

it('shows the user where one was named, and detach keys as bytes', () => {
  const request = { ...EXEC.request, user: '1:1', detachKeys: '0111' };
  expect(execObject({ ...EXEC, request })).toMatchObject({
    ProcessConfig: { user: '1:1' },
    DetachKeys: 'ARE=',
  });
});
