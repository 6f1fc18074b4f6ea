import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { PlanRecord } from '../../src/runtime/record.ts';
import { journalFields, useLogServers } from '../helpers/log-server.ts';
import { useRoom } from '../helpers/plan.ts';
import { until } from '../helpers/until.ts';

const room = useRoom();
const startLogServer = useLogServers();

function attributes(pairs: Record<string, string>): PlanRecord[] {
  return Object.entries(pairs).map(([key, value]) => ['log-attribute', key, value]);
}

describe('json-file', () => {
  it('writes the attributes into each line, as Docker does', async () => {
    const container = room.plan({
      args: ['sh', '-c', 'echo one; echo two >&2'],
      general: attributes({ 'com.ketch': 'a"b<', tag: 'mast\n' }),
    });
    await container.run();
    const lines = container.log.trimEnd().split('\n').sort();
    const attrs = String.raw`"attrs":{"com.ketch":"a\"b\u003c","tag":"mast\n"}`;
    expect(lines[0]).toContain(`{"log":"one\\n","stream":"stdout",${attrs},"time":"`);
    expect(lines[1]).toContain(`{"log":"two\\n","stream":"stderr",${attrs},"time":"`);
  });

  it('writes any bytes as Docker’s JSON has them, wherever they are in a line', async () => {
    const specials = [
      '\0',
      '\t',
      '\r',
      '\x1f',
      '\x7f',
      '"',
      '\\',
      '<',
      '>',
      '&',
      'é',
      '€',
      '😀',
      '\u2028',
      '\u2029',
    ];
    const lines = Array.from({ length: 40 }, (_, plain) =>
      specials.map((each) => `${'x'.repeat(plain)}${each}y`),
    ).flat();
    const container = room.plan({ args: ['sh', '-c', 'read go; cat'], stdin: 'open' });
    const notUtf8 = Buffer.from('a\x80b\xff\xc3(\n', 'latin1');
    await container.run(Buffer.concat([Buffer.from(`go\n${lines.join('\n')}\n`), notUtf8]));
    const logged = container.log.trimEnd().split('\n');
    expect(logged.map((line) => JSON.parse(line).log)).toEqual(
      [...lines, 'a\ufffdb\ufffd\ufffd('].map((line) => `${line}\n`),
    );
    const raw = [
      '\\u0000',
      '\\u0009',
      '\\r',
      '\\u001f',
      '\x7f',
      '\\"',
      '\\\\',
      '\\u003c',
      '\\u003e',
      '\\u0026',
      'é',
      '€',
      '😀',
      '\\u2028',
      '\\u2029',
    ];
    expect(logged.slice(0, raw.length).map((line) => /^{"log":"(.*)y\\n",/.exec(line)?.[1])).toEqual(raw);
  });

  it('cuts long lines into pieces of 16 kB, however many come at once, and no two lines have one time', async () => {
    const lengths = [16383, 16384, 16385, 32768, 70000, 1, 0, 5];
    const script = `for n in ${lengths.join(' ')}; do head -c $n /dev/zero | tr "\\0" x; echo; done > /all; cat /all`;
    const container = room.plan({ args: ['sh', '-c', script] });
    await container.run();
    const entries = container.log
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const pieces = lengths.flatMap((length) => [
      ...Array.from({ length: Math.floor(length / 16384) }, () => 'x'.repeat(16384)),
      `${'x'.repeat(length % 16384)}\n`,
    ]);
    expect(entries.map(({ log }) => log.length)).toEqual(pieces.map((piece) => piece.length));
    expect(entries.map(({ log }) => log).join('')).toBe(pieces.join(''));
    expect(new Set(entries.map(({ time }) => time)).size).toBe(lengths.length);
  });

  it('has each rotated file compressed, and loses no line of those that it keeps', async () => {
    const path = join(room.root, 'compressed');
    const { code } = await room
      .plan({
        args: ['sh', '-c', 'for part in 1 2 3 4; do seq 1 200; done'],
        general: [
          ['log', 'json-file', path, '10000', '20', 'compress'],
          ['log-compress', '/bin/gzip', '-f'],
        ],
      })
      .run();
    expect(code).toBe(0);
    const names = () => readdirSync(room.root).filter((name) => name.startsWith('compressed.'));
    await until(() =>
      names().every((name) => name.endsWith('.gz') && !existsSync(join(room.root, name.slice(0, -3)))),
    );
    const files = names().sort();
    expect(files.length).toBeGreaterThan(0);
    const texts = files.map((name) => gunzipSync(readFileSync(join(room.root, name))).toString());
    const whole = [...texts, readFileSync(path, 'utf8')].join('');
    const logged = whole
      .trimEnd()
      .split('\n')
      .map((line) => Number(JSON.parse(line).log));
    expect(logged).toEqual([1, 2, 3, 4].flatMap(() => Array.from({ length: 200 }, (_, index) => index + 1)));
  });

  it('keeps a file plain that cannot be compressed', async () => {
    const path = join(room.root, 'plain');
    await room
      .plan({
        args: ['seq', '1', '800'],
        general: [
          ['log', 'local', path, '10000', '20', 'compress'],
          ['log-compress', '/bin/false'],
        ],
      })
      .run();
    // How many there are is up to how long the command takes.
    const names = readdirSync(room.root).filter((name) => name.startsWith('plain.'));
    expect(names.sort()[0]).toBe('plain.0000000001');
    expect(names.filter((name) => !/^plain\.\d{10}$/.test(name))).toEqual([]);
  });

  it('numbers the files that it puts aside for good, and keeps as many as it may', async () => {
    const path = join(room.root, 'numbered');
    const names = () =>
      readdirSync(room.root)
        .filter((name) => name.startsWith('numbered.'))
        .sort();
    const write = (count: number) =>
      room
        .plan({
          args: ['seq', '1', String(count)],
          general: [['log', 'json-file', path, '1000', '3', 'plain']],
        })
        .run();
    // As an earlier version has left them, the newest one called 1; and what a compression that was killed has.
    writeFileSync(`${path}.2.gz`, '');
    writeFileSync(`${path}.1`, '');
    writeFileSync(path, 'x'.repeat(1000));
    await write(1);
    expect(names()).toEqual(['numbered.0000000001', 'numbered.1']);
    writeFileSync(`${path}.0000000001.gz.draft`, '');
    await write(100);
    const [first = '', second = '', ...rest] = names();
    expect(rest).toEqual([]);
    expect(Number(second.split('.')[1])).toBe(Number(first.split('.')[1]) + 1);
    expect(Number(first.split('.')[1])).toBeGreaterThan(1);
    const lines = [first, second, 'numbered'].flatMap((name) =>
      readFileSync(join(room.root, name), 'utf8').trimEnd().split('\n'),
    );
    const numbers = lines.map((line) => Number(JSON.parse(line).log));
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    expect(numbers.at(-1)).toBe(100);
  });

  it('leaves a single file to whoever reads it, and begins another one', async () => {
    const path = join(room.root, 'single');
    writeFileSync(path, 'x'.repeat(1000));
    const reader = openSync(path, 'r');
    await room
      .plan({ args: ['echo', 'new'], general: [['log', 'json-file', path, '1000', '1', 'plain']] })
      .run();
    expect(readFileSync(reader, 'utf8')).toBe('x'.repeat(1000));
    closeSync(reader);
    expect(readFileSync(path, 'utf8')).toMatch(/^\{"log":"new\\n",[^\n]*\n$/);
    expect(readdirSync(room.root).filter((name) => name.startsWith('single'))).toEqual(['single']);
  });
});

describe('a driver that cannot be reached', () => {
  it('fails the start, named', async () => {
    const socket = join(room.root, 'nobody');
    const { stderr, code } = await room
      .plan({ args: ['true'], general: [['log', 'journald', socket, '0', '0', 'plain']] })
      .run();
    expect(code).toBe(125);
    expect(stderr).toContain(`log: ${socket}: No such file`);
  });

  it('fails the start when its address is none', async () => {
    const { stderr } = await room
      .plan({ args: ['true'], general: [['log', 'syslog', 'ftp://127.0.0.1:1', '0', '0', 'plain']] })
      .run();
    expect(stderr).toContain('log: ftp://127.0.0.1:1: Invalid argument');
  });
});

describe('journald', () => {
  it('gets each line with its fields and its priority', async () => {
    const server = await startLogServer('unixgram');
    await room
      .plan({
        args: ['sh', '-c', 'echo out; echo err >&2'],
        general: [
          ['log', 'journald', server.address, '0', '0', 'plain'],
          ...attributes({ CONTAINER_NAME: 'mast', LABEL: 'two\nlines' }),
        ],
      })
      .run();
    const fields = { CONTAINER_NAME: 'mast', LABEL: 'two\nlines' };
    const entries = [await server.next(), await server.next()].map(journalFields);
    expect(entries).toContainEqual(expect.objectContaining({ ...fields, PRIORITY: '6', MESSAGE: 'out' }));
    expect(entries).toContainEqual(expect.objectContaining({ ...fields, PRIORITY: '3', MESSAGE: 'err' }));
  });

  it('gets what is too long for a datagram as a file, and long lines in parts', async () => {
    const server = await startLogServer('unixgram');
    const long = 'x'.repeat(300_000);
    await room
      .plan({
        args: ['sh', '-c', 'head -c 40000 /dev/zero | tr "\\0" y; echo; echo end'],
        general: [['log', 'journald', server.address, '0', '0', 'plain'], ...attributes({ LONG: long })],
      })
      .run();
    const entries = (await server.until((message) => message.includes('MESSAGE\n\x03'))).map(journalFields);
    expect(entries.map(({ MESSAGE }) => MESSAGE?.length)).toEqual([16384, 16384, 40000 - 32768, 3]);
    expect(entries.map((entry) => entry['CONTAINER_PARTIAL_MESSAGE'])).toEqual([
      'true',
      'true',
      undefined,
      undefined,
    ]);
    expect(entries.map((entry) => entry['CONTAINER_PARTIAL_LAST'])).toEqual([
      'false',
      'false',
      'true',
      undefined,
    ]);
    expect(entries.every(({ LONG }) => LONG === long)).toBe(true);
  });

  it('that stopped reading does not stop the container, and is told what it missed', async () => {
    const server = await startLogServer('unixgram');
    server.child.kill('SIGSTOP');
    const container = room.plan({
      args: ['sh', '-c', 'seq 1 100000; mkfifo /gate; cat /gate; while :; do echo last; sleep 0.1; done'],
      general: [['log', 'journald', server.address, '0', '0', 'plain']],
    });
    await container.detach();
    await until(() => existsSync(join(container.path('upper'), 'gate')));
    server.child.kill('SIGCONT');
    // Whatever the server had not read has been read when this is. A part of the numbers may still come, and take the place of
    // a last line or two.
    const mark = spawn('logger', ['--socket', server.address, 'this far']);
    const early = (await server.until((message) => message.includes('this far'))).slice(0, -1);
    if (mark.exitCode === null) await once(mark, 'exit');
    writeFileSync(`/proc/${container.state.init.pid}/root/gate`, '');
    const late = await server.until((message) => journalFields(message)['MESSAGE'] === 'last');
    const messages = [...early, ...late].map((message) => journalFields(message)['MESSAGE'] ?? '');
    expect(messages.some((text) => /^skiff: \d+ log entries before this one were lost$/.test(text))).toBe(
      true,
    );
    expect(messages.at(-1)).toBe('last');
    await container.ask('stop 9 -1');
  });
});

describe('syslog', () => {
  const options = { tag: 'mast', facility: '16' };

  it('gets a datagram for each line on a local socket', async () => {
    const server = await startLogServer('unixgram');
    await room
      .plan({
        args: ['sh', '-c', 'echo out; echo err >&2'],
        general: [['log', 'syslog', `unix://${server.address}`, '0', '0', 'plain'], ...attributes(options)],
      })
      .run();
    const messages = [`${await server.next()}`, `${await server.next()}`].sort();
    expect(messages[0]).toMatch(/^<131>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d mast\[\d+\]: err\n$/);
    expect(messages[1]).toMatch(/^<134>.* mast\[\d+\]: out\n$/);
  });

  it('gets datagrams of the network as RFC 3164 has them', async () => {
    const server = await startLogServer('udp');
    await room
      .plan({
        args: ['echo', 'out'],
        general: [
          ['log', 'syslog', `udp://127.0.0.1:${server.address}`, '0', '0', 'plain'],
          ...attributes({ ...options, format: 'rfc3164' }),
        ],
      })
      .run();
    expect(`${await server.next()}`).toMatch(
      new RegExp(`^<134>[A-Z][a-z]{2} [ \\d]\\d [\\d:]{8} ${hostname()} mast\\[\\d+\\]: out\n$`),
    );
  });

  it('gets every line of a connection, as RFC 5424 has them', async () => {
    const server = await startLogServer('tcp');
    await room
      .plan({
        args: ['seq', '1', '20000'],
        general: [
          ['log', 'syslog', `tcp://127.0.0.1:${server.address}`, '0', '0', 'plain'],
          ...attributes({ ...options, format: 'rfc5424micro' }),
        ],
      })
      .run();
    const text = Buffer.concat(await server.until((bytes) => bytes.includes('- 20000\n'))).toString();
    const lines = text.trimEnd().split('\n');
    expect(lines[0]).toMatch(
      new RegExp(`^<134>1 \\d{4}-\\d\\d-\\d\\dT[\\d:]{8}\\.\\d{6}Z ${hostname()} mast \\d+ mast - 1$`),
    );
    expect(lines).toHaveLength(20000);
  });
});
