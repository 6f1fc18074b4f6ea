import { describe, expect, it } from 'vitest';
import { renderTable } from '../../../../src/cli/template/table.ts';
import { ellipsis, quotedCommand, shortId } from '../../../../src/cli/text/ids.ts';
import { humanMemory, humanSize } from '../../../../src/cli/text/units.ts';
import { ago, exitedAt, humanDuration, upSince } from '../../../../src/grammar/time-text.ts';

describe('renderTable', () => {
  it('has the widths of docker ps', () => {
    const headers = ['CONTAINER ID', 'IMAGE', 'COMMAND', 'PORTS', 'NAMES'];
    expect(renderTable(headers, [])).toBe('CONTAINER ID   IMAGE     COMMAND   PORTS     NAMES\n');
    expect(renderTable(headers, [['0123456789ab', 'busybox:latest', '"sh"', '', 'calm_bohr']])).toBe(
      'CONTAINER ID   IMAGE            COMMAND   PORTS     NAMES\n' +
        '0123456789ab   busybox:latest   "sh"                calm_bohr\n',
    );
  });

  it('counts characters, not code units', () => {
    expect(
      renderTable(
        ['A', 'B'],
        [
          ['ééééééééé', 'x'],
          ['🚢', 'y'],
        ],
      ),
    ).toBe(`${`A${' '.repeat(11)}B\néééééééééé`.slice(0, -1)}   x\n🚢${' '.repeat(11)}y\n`);
  });
});

describe('sizes', () => {
  it.each([
    [0, '0B'],
    [999, '999B'],
    [1000, '1kB'],
    [4_430_000, '4.43MB'],
    [12_000_000, '12MB'],
    [120_450_000, '120MB'],
    [999_999, '1MB'],
    [1_234_567_890, '1.23GB'],
  ])('writes %i bytes as %s', (bytes, text) => {
    expect(humanSize(bytes)).toBe(text);
  });

  it('writes memory in powers of 1024', () => {
    expect(humanMemory(512 << 20)).toBe('512MiB');
    expect(humanMemory(1023)).toBe('1023B');
    expect(humanMemory(1.5 * 1024 ** 3)).toBe('1.5GiB');
    expect(humanMemory(31.33 * 1024 ** 3)).toBe('31.33GiB');
  });
});

describe('durations', () => {
  const second = 1000;
  const hour = 3600 * second;
  const day = 24 * hour;
  it.each([
    [0, 'Less than a second'],
    [1999, '1 second'],
    [59 * second, '59 seconds'],
    [60 * second, 'About a minute'],
    [119 * second, 'About a minute'],
    [120 * second, '2 minutes'],
    [59 * 60 * second, '59 minutes'],
    [hour, 'About an hour'],
    [1.6 * hour, '2 hours'],
    [47 * hour, '47 hours'],
    [2 * day, '2 days'],
    [13 * day, '13 days'],
    [14 * day, '2 weeks'],
    [60 * day, '2 months'],
    [729 * day, '24 months'],
    [730 * day, '2 years'],
  ])('writes %i ms as %s', (ms, text) => {
    expect(humanDuration(ms)).toBe(text);
  });

  it('has the words of the status column', () => {
    expect(ago(0, 3 * second)).toBe('3 seconds ago');
    expect(upSince(0, 65 * second)).toBe('Up About a minute');
    expect(exitedAt(0, 137, 2 * hour)).toBe('Exited (137) 2 hours ago');
    expect(ago(5000, 0)).toBe('Less than a second ago');
  });
});

describe('ids and commands', () => {
  it('are cut as Docker cuts them', () => {
    expect(shortId(`sha256:${'0123456789abcdef'.repeat(4)}`)).toBe('0123456789ab');
    expect(shortId('0123456789abcdef')).toBe('0123456789ab');
    expect(ellipsis('x'.repeat(20), 20)).toBe('x'.repeat(20));
    expect(quotedCommand(['/bin/sh', '-c', 'while true; do :; done'], { trunc: true })).toBe(
      '"/bin/sh -c \'while t…"',
    );
    expect(quotedCommand(['sh', '-c', 'echo "hi"'], { trunc: false })).toBe('"sh -c \'echo \\"hi\\"\'"');
  });

  it('cannot carry escape sequences to the terminal', () => {
    expect(quotedCommand(['a', '\x1b[2J\n\x9b'], { trunc: false })).toBe('"a \\x1b[2J\\n\\x9b"');
  });
});
