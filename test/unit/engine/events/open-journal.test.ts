import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JournalPlace, presentFile } from '../../../../src/engine/events/open-journal.ts';

const scratch = mkdtempSync(join(tmpdir(), 'skiff-journal-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const path = join(scratch, 'events.log');
const places: JournalPlace[] = [];

beforeEach(() => writeFileSync(path, ''));
afterEach(() => {
  for (const place of places.splice(0)) place.close();
});

function line(action: string, attributes: Record<string, string> = {}): string {
  const event = { Type: 'image', Action: action, Actor: { ID: 'x', Attributes: attributes }, scope: 'local' };
  return `${JSON.stringify(event).slice(0, -1)},"time":1,"timeNano":1700000000123456789}\n`;
}

function place(): JournalPlace {
  const opened = JournalPlace.open(path);
  if (opened === undefined) throw new Error('no journal');
  places.push(opened);
  return opened;
}

const actions = (from: JournalPlace): string[] => [...from.events()].map(({ action }) => action);

describe('a place in the journal', () => {
  it('is not in a file that there is not', () => {
    expect(JournalPlace.open(join(scratch, 'none'))).toBeUndefined();
  });

  it('goes on where it ended, with every digit of the time', () => {
    const from = place();
    appendFileSync(path, line('a') + line('b'));
    expect([...from.events()].map(({ action, timeNano }) => [action, timeNano])).toEqual([
      ['a', 1700000000123456789n],
      ['b', 1700000000123456789n],
    ]);
    expect(actions(from)).toEqual([]);
    appendFileSync(path, line('c'));
    expect(actions(from)).toEqual(['c']);
  });

  it('waits for the rest of a line, and passes over one that a power cut tore', () => {
    const from = place();
    const whole = line('é');
    const bytes = Buffer.from(whole);
    const half = bytes.indexOf(0xc3) + 1;
    appendFileSync(path, bytes.subarray(0, half));
    expect(actions(from)).toEqual([]);
    appendFileSync(path, bytes.subarray(half));
    appendFileSync(path, `{"Type":\n${line('after')}`);
    expect(actions(from)).toEqual(['é', 'after']);
  });

  it('reads lines of any length', () => {
    const from = place();
    appendFileSync(path, line('long', { label: 'x'.repeat(700_000) }) + line('short'));
    expect(actions(from)).toEqual(['long', 'short']);
  });

  it('can be the end of what there is, behind the last whole line', () => {
    const torn = line('torn');
    appendFileSync(path, line('old', { label: 'x'.repeat(300_000) }) + torn.slice(0, 10));
    const from = place();
    from.skipAll();
    expect(actions(from)).toEqual([]);
    appendFileSync(path, torn.slice(10));
    expect(actions(from)).toEqual(['torn']);
    const other = place();
    writeFileSync(path, 'x'.repeat(300_000));
    other.skipAll();
    expect(actions(other)).toEqual([]);
  });

  it('begins anew in a file that was made shorter, for each who reads it', () => {
    const [one, other] = [place(), place()];
    appendFileSync(path, line('a') + line('b'));
    expect([actions(one), actions(other)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    truncateSync(path);
    appendFileSync(path, line('c'));
    expect([actions(one), actions(other)]).toEqual([['c'], ['c']]);
  });

  it('stays in its file when the name goes to another one', () => {
    const from = place();
    renameSync(path, `${path}.1`);
    appendFileSync(`${path}.1`, line('late'));
    writeFileSync(path, line('new'));
    const successor = place();
    expect(successor.inode).not.toBe(from.inode);
    expect([actions(from), actions(successor)]).toEqual([['late'], ['new']]);
  });

  it('gives all who come to it the same events', () => {
    const [one, other] = [place(), place()];
    appendFileSync(path, line('a'));
    const [[first], [second]] = [[...one.events()], [...other.events()]];
    expect(first).toBeDefined();
    expect(second).toBe(first);
  });

  it('is not led back by an older sight of its file', () => {
    const from = place();
    const change = {};
    const seen = presentFile(path, change);
    expect(seen).toMatchObject({ inode: from.inode, size: 0 });
    appendFileSync(path, line('a'));
    expect(actions(from)).toEqual(['a']);
    expect(presentFile(path, change)).toBe(seen);
    expect([...from.events(seen)]).toEqual([]);
    appendFileSync(path, line('b'));
    expect([...from.events(presentFile(path, {}))].map(({ action }) => action)).toEqual(['b']);
  });
});
