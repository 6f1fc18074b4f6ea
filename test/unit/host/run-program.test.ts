import { describe, expect, it } from 'vitest';
import { runProgram } from '../../../src/host/run-program.ts';

describe('a program that is run to its end', () => {
  it('tells its exit code and what it said', async () => {
    expect(await runProgram('sh', ['-c', 'echo out; echo err >&2; exit 3'])).toEqual({
      code: 3,
      stdout: 'out\n',
      stderr: 'err',
    });
  });

  it('gets nothing on its standard input', async () => {
    expect((await runProgram('cat', [])).stdout).toBe('');
  });

  it('has no exit code when a signal ended it', async () => {
    expect((await runProgram('sh', ['-c', 'kill -9 $$'])).code).toBe(undefined);
  });

  it('is killed when its time is over', async () => {
    expect((await runProgram('sleep', ['600'], { timeoutMs: 20 })).code).toBe(undefined);
  });

  it('throws the error of the system when it does not exist', async () => {
    await expect(runProgram('/nowhere/at-all', [])).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
