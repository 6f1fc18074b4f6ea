import { describe, expect, it } from 'vitest';
import { jsonBuildProgress } from '../../../../src/cli/output/build-json.ts';
import { OutputLines } from '../../../../src/cli/output/build-output.ts';
import { plainBuildProgress } from '../../../../src/cli/output/build-progress.ts';
import { terminalBuildProgress } from '../../../../src/cli/output/build-terminal.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** A terminal that keeps what is written, and what of it stands there in the end. */
function terminal(columns: number, rows = 24) {
  let written = '';
  const write = (text: string) => {
    written += text;
    return true;
  };
  return { isTTY: true, columns, rows, write, screen: () => screenOf(written) };
}

/** What a terminal shows that obeys the few sequences which the displays use. */
function screenOf(text: string): string[] {
  const lines: string[] = [''];
  let at = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is obeyed
  for (const [token] of text.matchAll(/\x1b\[(\??\d*)[A-Za-z]|\n|\r|[^\x1b\n\r]+/g)) {
    if (token === '\n') {
      at += 1;
      lines[at] ??= '';
    } else if (token.startsWith('\x1b[') && token.endsWith('A')) at -= Number(token.slice(2, -1));
    else if (token === '\x1b[J') lines.splice(at, lines.length - at, '');
    else if (!token.startsWith('\x1b') && token !== '\r') lines[at] = token;
  }
  return lines.filter((line) => line !== '');
}

const FAILED = { kind: 'failed', message: 'exit code: 1' } as const;

describe('a build on a terminal', () => {
  it('has a line for each task, its state and its time, no wider than the terminal', () => {
    const stream = terminal(40);
    const display = terminalBuildProgress(stream);
    display.begin(1, { name: '[internal] load build definition from Dockerfile' });
    display.end(1, { kind: 'done' }, 40);
    display.begin(2, { name: '[2/3] COPY a b' });
    display.end(2, { kind: 'cached' }, 0);
    display.begin(3, { name: '[3/3] RUN x' });
    display.end(3, { kind: 'cancelled' }, 12_340);
    display.close();
    const [head, ...lines] = stream.screen();
    expect(head).toMatch(/^\[\+\] Building \d+\.\ds \(3\/3\) FINISHED$/);
    expect(lines).toEqual([
      ' => [internal] load build definiti 0.0s',
      ' => CACHED [2/3] COPY a b          0.0s',
      ' => CANCELED [3/3] RUN x          12.3s',
    ]);
  });

  it('shows the last lines of a task while it is under way, without what commands terminals', () => {
    const stream = terminal(40);
    const display = terminalBuildProgress(stream);
    display.begin(1, { name: 'RUN x' });
    for (let count = 1; count <= 9; count += 1)
      display.output(1, bytes(`\x1b[31mline ${count}\n`), 'stdout', count);
    display.output(1, bytes('not yet'), 'stdout', 10);
    display.warn('look');
    const shown = stream.screen();
    expect(shown[0]).toBe('WARNING: look');
    expect(shown.slice(3)).toEqual([4, 5, 6, 7, 8, 9].map((count) => ` => => # line ${count}`));
    display.end(1, { kind: 'done' }, 20);
    display.close();
    expect(stream.screen()).toHaveLength(3);
  });

  it('ends with what a failed task wrote last', () => {
    const stream = terminal(60);
    const display = terminalBuildProgress(stream);
    display.begin(1, { name: '[2/2] RUN false' });
    display.output(1, bytes('why it failed\nand'), 'stderr', 5);
    display.end(1, FAILED, 10);
    display.close();
    expect(stream.screen().slice(2)).toEqual([
      '------',
      ' > [2/2] RUN false:',
      'why it failed',
      'and',
      '------',
    ]);
  });

  it('lets finished tasks give way where there is no room for all', () => {
    const stream = terminal(40, 6);
    const display = terminalBuildProgress(stream);
    for (let number = 1; number <= 9; number += 1) {
      display.begin(number, { name: `task ${number}` });
      if (number < 8) display.end(number, { kind: 'done' }, 1);
    }
    display.warn('now');
    const shown = stream.screen();
    expect(shown.slice(-2).map((line) => line.slice(0, 10))).toEqual([' => task 8', ' => task 9']);
    expect(shown.length).toBeLessThanOrEqual(6);
    display.close();
  });
});

describe('the output of a task', () => {
  it('is whole lines of each stream, whatever pieces it comes in', () => {
    const lines = new OutputLines();
    const snow = bytes('snow: ☃\n');
    expect(lines.push(snow.subarray(0, 7), 'stdout')).toEqual([]);
    expect(lines.push(bytes('other\n'), 'stderr')).toEqual(['other']);
    expect(lines.push(snow.subarray(7), 'stdout')).toEqual(['snow: ☃']);
    expect(lines.push(bytes('rest'), 'stdout')).toEqual([]);
    expect(lines.end()).toEqual(['rest']);
    expect(lines.end()).toEqual([]);
  });

  it('that never ends a line takes no more memory than a line may', () => {
    const lines = new OutputLines();
    for (let count = 0; count < 100; count += 1) lines.push(bytes('x'.repeat(10_000)), 'stdout');
    expect(lines.end()[0]).toHaveLength(16 * 1024);
  });
});

describe('a build line by line', () => {
  it('names a task again that others have interrupted, and ends with what failed ones wrote last', () => {
    let text = '';
    const display = plainBuildProgress((more) => {
      text += more;
    });
    display.begin(1, { name: '[a 2/2] RUN x' });
    display.begin(2, { name: '[b 2/2] RUN y' });
    display.end(2, { kind: 'cached' }, 0);
    display.output(1, bytes('why\nand'), 'stderr', 1500);
    display.note(1, 'noted');
    display.end(1, FAILED, 2000);
    display.close();
    display.close();
    expect(text.split('\n')).toEqual([
      '#1 [a 2/2] RUN x',
      '#1 ...',
      '',
      '#2 [b 2/2] RUN y',
      '#2 CACHED',
      '',
      '#1 [a 2/2] RUN x',
      '#1 1.500 why',
      '#1 noted',
      '#1 2.000 and',
      '#1 ERROR: exit code: 1',
      '------',
      ' > [a 2/2] RUN x:',
      '1.500 why',
      '2.000 and',
      '------',
      '',
    ]);
  });
});

describe('a build as JSON', () => {
  const file = { name: 'Dockerfile', text: 'x\ny', lines: ['x', 'y'] };
  const lines: [number, number] = [2, 3];
  const finding = {
    rule: 'Rule',
    description: 'what is right',
    url: 'https://example.com',
    detail: 'wrong',
    lines,
  };

  it('has a line for each change, of vertexes, logs, statuses and warnings', () => {
    const lines: string[] = [];
    const progress = jsonBuildProgress((text) => lines.push(text));
    progress.begin(1, { name: 'RUN x' });
    progress.output(1, bytes('hi\n'), 'stderr', 1);
    progress.note(1, 'sha256:1 done');
    progress.miss(1, 'its text');
    progress.end(1, FAILED, 5);
    progress.begin(2, { name: 'RUN y' });
    progress.end(2, { kind: 'cached' }, 0);
    progress.warn('look');
    progress.note(1, 'sha256:2 0B / 9B', { id: 'sha256:2', current: 3, total: 9 });
    progress.findings(
      { file, findings: [finding, { ...finding, url: undefined }], error: undefined, fails: false },
      { debug: false },
    );
    expect(lines.every((line) => line.endsWith('\n'))).toBe(true);
    const [begun, log, status, miss, failed, , cached, warned, layer, found] = lines.map((line) =>
      JSON.parse(line),
    );
    const { digest } = begun.vertexes[0];
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(log.logs[0]).toMatchObject({ vertex: digest, stream: 2, data: 'aGkK' });
    expect(status.statuses[0]).toMatchObject({ vertex: digest, id: 'sha256:1 done' });
    expect(miss.statuses[0].id).toBe('not cached: its text');
    expect(failed.vertexes[0]).toMatchObject({ digest, name: 'RUN x', error: 'exit code: 1' });
    expect(Date.parse(failed.vertexes[0].completed)).toBeGreaterThanOrEqual(
      Date.parse(begun.vertexes[0].started),
    );
    expect(cached.vertexes[0]).toMatchObject({ name: 'RUN y', cached: true });
    expect(Buffer.from(warned.warnings[0].short, 'base64').toString()).toBe('look');
    expect(status.statuses[0]).toMatchObject({ current: 0, completed: expect.any(String) });
    expect(layer.statuses[0]).toMatchObject({ id: 'sha256:2', current: 3, total: 9 });
    expect(found.warnings).toEqual([
      {
        vertex: digest,
        level: 1,
        short: Buffer.from('Rule: wrong (line 2)').toString('base64'),
        detail: [Buffer.from('what is right').toString('base64')],
        url: 'https://example.com',
        sourceInfo: { filename: 'Dockerfile', data: 'eAp5', language: 'Dockerfile' },
        range: [{ start: { line: 2 }, end: { line: 3 } }],
      },
    ]);
  });
});
