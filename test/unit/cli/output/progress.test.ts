import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPullProgress, renderBar } from '../../../../src/cli/output/progress.ts';

/** A stream that keeps what is written. */
function recorder(terminal: { columns: number; rows: number } | undefined) {
  const chunks: string[] = [];
  return {
    ...terminal,
    isTTY: terminal !== undefined,
    chunks,
    write: (text: string) => chunks.push(text) > 0,
  };
}

/** An escape sequence, a control character or text. */
const TOKENS = /\p{Cc}\[\??\d*[A-Za-z]|\p{Cc}|\P{Cc}+/gu;

/** What a terminal shows after these bytes: enough of one for what the display sends. */
function screen(chunks: readonly string[]): string[] {
  const lines: string[] = [''];
  let row = 0;
  for (const [token] of chunks.join('').matchAll(TOKENS)) {
    const up = /^\p{Cc}\[(\d+)A$/u.exec(token);
    if (up !== null) row -= Number(up[1]);
    else if (token === '\n') row += 1;
    else if (token === '\x1b[J') lines.length = row + (lines[row] === '' ? 0 : 1);
    else if (!token.startsWith('\x1b') && token !== '\r') lines[row] = token;
    expect(row).toBeGreaterThanOrEqual(0);
    lines[row] ??= '';
  }
  return lines;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubEnv('TERM', 'xterm');
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe('the display of a pull', () => {
  it('prints each change of state once when it is not a terminal', () => {
    const stream = recorder(undefined);
    const display = createPullProgress(stream);
    display.message('latest: Pulling from library/busybox');
    const [first, second] = [display.layer('a3ed95caeb02'), display.layer('b00000000000')];
    first.downloading(0, 10);
    first.downloading(5, 10);
    second.exists();
    first.downloaded();
    first.extracting(5, 10);
    first.done();
    display.close();
    expect(stream.chunks.join('')).toBe(
      'latest: Pulling from library/busybox\na3ed95caeb02: Pulling fs layer\nb00000000000: Already exists\n' +
        'a3ed95caeb02: Download complete\na3ed95caeb02: Pull complete\n',
    );
  });

  it('redraws the lines of the layers in place, at most ten times a second', () => {
    const stream = recorder({ columns: 120, rows: 24 });
    const display = createPullProgress(stream);
    display.message('pulling');
    const [first, second] = [display.layer('aaaaaaaaaaaa'), display.layer('bbbbbbbbbbbb')];
    const before = stream.chunks.length;
    for (let bytes = 1; bytes <= 1000; bytes += 1) first.downloading(bytes, 1000);
    vi.advanceTimersByTime(100);
    expect(stream.chunks.length - before).toBe(1);
    second.exists();
    vi.advanceTimersByTime(100);
    expect(screen(stream.chunks)).toEqual([
      'pulling',
      `aaaaaaaaaaaa: Downloading [${'='.repeat(50)}>]      1kB/1kB`,
      'bbbbbbbbbbbb: Already exists',
      '',
    ]);
    display.close();
  });

  it('leaves the last state of all layers and gives the cursor back', () => {
    const stream = recorder({ columns: 80, rows: 24 });
    const listeners = process.listenerCount('SIGINT');
    const display = createPullProgress(stream);
    const layer = display.layer('aaaaaaaaaaaa');
    layer.downloading(1, 2);
    vi.advanceTimersByTime(100);
    layer.done();
    display.close();
    display.close();
    layer.downloading(2, 2);
    vi.advanceTimersByTime(100);
    display.message('Status: Downloaded newer image');
    expect(screen(stream.chunks)).toEqual([
      'aaaaaaaaaaaa: Pull complete',
      'Status: Downloaded newer image',
      '',
    ]);
    const text = stream.chunks.join('');
    expect(text.lastIndexOf('\x1b[?25h')).toBeGreaterThan(text.lastIndexOf('\x1b[?25l'));
    expect(process.listenerCount('SIGINT')).toBe(listeners);
  });

  it('keeps within a small terminal: finished layers give way, and come back at the end', () => {
    const stream = recorder({ columns: 40, rows: 4 });
    const display = createPullProgress(stream);
    const layers = ['a', 'b', 'c', 'd', 'e'].map((name) => display.layer(name.repeat(12)));
    layers[0]?.done();
    layers[2]?.done();
    vi.advanceTimersByTime(100);
    expect(screen(stream.chunks).map((line) => line.charAt(0))).toEqual(['b', 'd', 'e', '']);
    display.close();
    expect(screen(stream.chunks).map((line) => line.charAt(0))).toEqual(['a', 'b', 'c', 'd', 'e', '']);
  });

  it('makes room for what somebody else writes to the terminal, on another stream', () => {
    const stream = recorder({ columns: 80, rows: 24 });
    const display = createPullProgress(stream);
    display.layer('aaaaaaaaaaaa').exists();
    display.layer('bbbbbbbbbbbb').downloading(0, 2);
    vi.advanceTimersByTime(100);
    display.interruptedBy(() => stream.chunks.push('warning\n'));
    display.layer('cccccccccccc').done();
    vi.advanceTimersByTime(100);
    const shown = ['warning', 'aaaaaaaaaaaa: Already exists', 'bbbbbbbbbbbb: Waiting'];
    expect(screen(stream.chunks)).toEqual([...shown, 'cccccccccccc: Pull complete', '']);
    display.close();
  });

  it('prints messages above the lines', () => {
    const stream = recorder({ columns: 80, rows: 24 });
    const display = createPullProgress(stream);
    display.layer('aaaaaaaaaaaa').exists();
    vi.advanceTimersByTime(100);
    display.message('retrying');
    expect(screen(stream.chunks)).toEqual(['retrying', 'aaaaaaaaaaaa: Already exists', '']);
    display.close();
  });
});

describe('renderBar', () => {
  it('fits every width', () => {
    for (let width = 1; width < 130; width += 1) {
      expect(
        renderBar('a3ed95caeb02: Downloading', { current: 5e6, total: 1e9, width }).length,
      ).toBeLessThanOrEqual(width);
    }
  });

  it('shows bar and numbers where there is room, numbers alone where not', () => {
    const sizes = { current: 1_200_000, total: 4_400_000 };
    expect(renderBar('id: Downloading', { ...sizes, width: 50 })).toBe(
      'id: Downloading [====>            ]    1.2MB/4.4MB',
    );
    expect(renderBar('id: Downloading', { ...sizes, width: 34 })).toBe('id: Downloading    1.2MB/4.4MB');
  });

  it('never runs over when more arrives than was announced, and has no bar for an unknown total', () => {
    expect(renderBar('x', { current: 20, total: 10, width: 30 })).toContain('=>]');
    expect(renderBar('x', { current: 20, total: 0, width: 30 })).toBe('x      20B');
  });
});
