import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import {
  formatIdentity,
  isAlive,
  ownIdentity,
  parseIdentity,
  parseStat,
  processIdentity,
} from '../../../src/host/process.ts';

it('a process is known by its number and its start', () => {
  const self = processIdentity(process.pid);
  expect(self?.pid).toBe(process.pid);
  expect(self !== undefined && isAlive(self)).toBe(true);
  expect(isAlive({ pid: process.pid, startTime: (self?.startTime ?? 0) + 1 })).toBe(false);
});

it('a process that ended is not alive', async () => {
  const child = spawn('sleep', ['60']);
  const identity = processIdentity(child.pid ?? 0) ?? expect.fail('no identity');
  expect(isAlive(identity)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(isAlive(identity)).toBe(false);
});

it.each([0, -1, 1.5, 2 ** 31])('%d is no process', (pid) => {
  expect(processIdentity(pid)).toBeUndefined();
});

it('a name with blanks, parentheses and newlines does not shift the fields', () => {
  const rest = 'S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21';
  expect(parseStat(`42 (a) R 1 (\n) ${rest}\n`)?.[19]).toBe('4711');
  expect(parseStat('42 (cut')).toBeUndefined();
});

it('an identity that was written is read as the same', () => {
  expect(ownIdentity()).toEqual(processIdentity(process.pid));
  expect(formatIdentity({ pid: 4711, startTime: 815 })).toBe('4711 815');
  expect(parseIdentity(formatIdentity(ownIdentity()))).toEqual(ownIdentity());
});

it.each([undefined, '', '0 0', '12', '12 ', ' 12 13', '12 13 14', '-1 5', 'x 5', '1.5 5'])(
  '%j is no identity',
  (text) => {
    expect(parseIdentity(text)).toBeUndefined();
  },
);
