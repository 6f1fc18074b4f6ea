import { describe, expect, it } from 'vitest';
import { JsonObject } from '../../../../src/api/http/json.ts';

const body = new JsonObject({
  Name: 'web',
  empty: '',
  Null: null,
  On: true,
  Zero: 0,
  Size: -5,
  Words: ['a', '', null],
  Labels: { a: '1', B: null, __proto: 'x' },
  Ports: { '80/tcp': {}, '53/UDP': null },
  Host: { Memory: 1, Inner: { Deep: 'x' } },
  Mounts: [{ Type: 'bind' }, null],
});

describe('an object of a body', () => {
  it('has its members whatever their case', () => {
    expect(body.text('NAME')).toBe('web');
    expect(body.text('name')).toBe('web');
  });

  it('has nothing for what is absent, null or an empty text', () => {
    expect([body.text('empty'), body.text('null'), body.text('absent')]).toEqual(Array(3).fill(undefined));
    expect([body.flag('null'), body.number('null'), body.amount('zero')]).toEqual(Array(3).fill(undefined));
    expect([body.texts('null'), body.map('null'), body.object('null')]).toEqual(Array(3).fill(undefined));
    expect([body.names('null'), body.objects('null'), body.raw('null')]).toEqual(Array(3).fill(undefined));
    expect(body.entries('null')).toEqual([]);
    expect(body.part('null').text('anything')).toBeUndefined();
  });

  it('has its values as they are', () => {
    expect([body.flag('on'), body.number('zero'), body.amount('size')]).toEqual([true, 0, -5]);
    expect(body.words('Name')).toEqual(['web']);
    expect(body.names('Ports')).toEqual(['80/tcp', '53/UDP']);
    expect(body.part('Host').part('inner').text('deep')).toBe('x');
  });

  it('has nothing also for null inside of lists and objects', () => {
    expect(body.texts('Words')).toEqual(['a', '', '']);
    expect(body.map('Labels')).toEqual({ a: '1', B: '', __proto: 'x' });
    expect(body.objects('Mounts')?.map((mount) => mount.text('Type'))).toEqual(['bind', undefined]);
    expect(body.entries('Ports').map(([port, each]) => [port, each.raw('x')])).toEqual([
      ['80/tcp', undefined],
      ['53/UDP', undefined],
    ]);
  });

  it.each<[string, () => unknown, string]>([
    ['a text', () => body.text('On'), 'On is not a text'],
    ['true or false', () => body.flag('Name'), 'Name is not true or false'],
    ['a whole number', () => body.number('Name'), 'Name is not a whole number'],
    ['a list', () => body.texts('Name'), 'Name is not a list of texts'],
    ['a list of texts', () => body.texts('Mounts'), 'Mounts is not a list of texts'],
    ['words', () => body.words('On'), 'On is not a list of texts'],
    ['a map', () => body.map('Host'), 'Host is not an object of texts'],
    ['names', () => body.names('Words'), 'Words is not an object'],
    ['an object', () => body.object('Words'), 'Words is not an object'],
    ['objects', () => body.objects('Host'), 'Host is not a list of objects'],
    ['one of objects', () => body.objects('Words'), 'Words[0] is not an object'],
    ['entries', () => body.entries('Labels'), 'Labels.a is not an object'],
    ['a member of a member', () => body.part('Host').text('Memory'), 'Host.Memory is not a text'],
  ])('says by its path what is not %s', (_what, read, message) => {
    expect(read).toThrow(expect.objectContaining({ kind: 'invalid', message }));
  });

  it.each([1.5, 2 ** 60, Number.NaN])('has no number %d', (number) => {
    expect(() => new JsonObject({ number }).number('number')).toThrow('is not a whole number');
  });

  it.each<[unknown, (odd: JsonObject) => unknown]>([
    ['a\0b', (odd) => odd.text('m')],
    [['a', '\0'], (odd) => odd.texts('m')],
    ['\0', (odd) => odd.words('m')],
    [{ a: 'b\0' }, (odd) => odd.map('m')],
    [{ 'a\0': 'b' }, (odd) => odd.map('m')],
    [{ '80\0': {} }, (odd) => odd.names('m')],
    [{ 'a\0': {} }, (odd) => odd.entries('m')],
  ])('has no text with a NUL byte: %j', (m, read) => {
    expect(() => read(new JsonObject({ m }))).toThrow('m contains a NUL byte');
  });

  it.each([undefined, null, 'x', 1, true, [[]]])('is not %j', (value) => {
    expect(() => new JsonObject(value)).toThrow('the body is not an object');
  });

  it('has members of any name, and none that nobody has sent', () => {
    const odd = new JsonObject(JSON.parse('{"__proto__":{"a":"b"},"m":{"__proto__":"x"}}'));
    expect(odd.part('__proto__').text('a')).toBe('b');
    expect(Object.keys(odd.map('m') ?? {})).toEqual(['__proto__']);
    expect(odd.raw('constructor')).toBeUndefined();
  });
});
