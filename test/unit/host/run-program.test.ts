import { describe, expect, it } from 'vitest';
import { listenToProgram, runProgram } from '../../../src/host/run-program.ts';

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

describe('a program that is listened to', () => {
  it('tells what it writes while it runs, and its exit code at the end', async () => {
    const heard: string[] = [];
    const code = await listenToProgram(
      { file: 'sh', args: ['called', '-c', 'echo "$0"; cat; echo err >&2; exit 3', 'name'] },
      {
        onOutput: (bytes, stream) => heard.push(`${stream} ${Buffer.from(bytes)}`),
        input: Buffer.from('in\n'),
      },
    );
    expect(code).toBe(3);
    expect(
      heard
        .filter((text) => text.startsWith('stdout'))
        .map((text) => text.slice(7))
        .join(''),
    ).toBe('name\nin\n');
    expect(heard).toContain('stderr err\n');
  });

  it('reads nothing when it is given nothing', async () => {
    const heard: string[] = [];
    const onOutput = (bytes: Uint8Array) => heard.push(String(bytes));
    expect(await listenToProgram({ file: 'cat', args: ['cat'] }, { onOutput })).toBe(0);
    expect(heard).toEqual([]);
  });

  it('is killed when its signal aborts', async () => {
    const abort = new AbortController();
    const onOutput = () => abort.abort();
    const program = { file: 'sh', args: ['sh', '-c', 'echo up; exec sleep 600'] };
    expect(await listenToProgram(program, { onOutput, signal: abort.signal })).toBe(undefined);
  });

  it('throws the error of the system when it does not exist', async () => {
    const listening = listenToProgram({ file: '/nowhere/at-all', args: ['it'] }, { onOutput: () => {} });
    await expect(listening).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
