import { describe, expect, it } from 'vitest';
import type { Parameters } from '../../../../src/api/http/parameter.ts';
import { Query } from '../../../../src/api/http/query.ts';

const DECLARED = {
  text: 'text',
  flag: 'flag',
  number: 'number',
  list: 'list',
  json: 'json',
  filters: 'filters',
} as const satisfies Parameters;

const query = (search: string, declared: Parameters = DECLARED) =>
  new Query(new URLSearchParams(search), declared);

describe('a query parameter', () => {
  it('is looked at from the version on that it came with, and until it was gone', () => {
    const declared: Parameters = {
      came: { type: 'list', since: 48, refused: 'it cannot be had' },
      went: { type: 'text', before: 41 },
    };
    const of = (version: number, search: string) => new Query(new URLSearchParams(search), declared, version);
    expect(of(47, 'came=a').list('came')).toEqual([]);
    expect(() => of(48, 'came=a')).toThrow(expect.objectContaining({ kind: 'unsupported' }));
    expect(of(40, 'went=a').text('went')).toBe('a');
    expect(of(41, 'went=a').text('went')).toBeUndefined();
    expect(of(41, 'went=a').has('went')).toBe(false);
  });

  it.each(['text=a%00b', 'list=a&list=%00', 'filters=%00'])('has no NUL byte: %s', (search) => {
    expect(() => query(search)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining('contains a NUL byte') }),
    );
  });

  it.each([
    ['', undefined],
    ['text=', undefined],
    ['text', undefined],
    ['text=a', 'a'],
    ['text=a&text=b', 'a'],
    ['text=a+b%2Bc', 'a b+c'],
    ['TEXT=a', undefined],
  ])('that is a text is read of "%s"', (search, expected) => {
    expect(query(search).text('text')).toBe(expected);
  });

  it.each([
    ['', false],
    ['flag', false],
    ['flag=', false],
    ['flag=0', false],
    ['flag=no', false],
    ['flag=False', false],
    ['flag=NONE', false],
    ['flag=+false+', false],
    ['flag=1', true],
    ['flag=true', true],
    ['flag=yes', true],
    ['flag=off', true],
    ['flag=0&flag=1', false],
  ])('that is true or false is read of "%s" as Docker reads it', (search, expected) => {
    expect(query(search).flag('flag')).toBe(expected);
  });

  it('that is true or false may be true when it is absent, and is false when it is empty', () => {
    expect(query('').flag('flag', true)).toBe(true);
    expect(query('flag=').flag('flag', true)).toBe(false);
  });

  it.each([
    ['', undefined],
    ['number=', undefined],
    ['number=0', 0],
    ['number=-1', -1],
    ['number=%2B7', 7],
    ['number=007', 7],
    ['number=3&number=x', 3],
  ])('that is a number is read of "%s"', (search, expected) => {
    expect(query(search).number('number')).toBe(expected);
  });

  it.each(['x', '1x', '1.5', '1e3', '0x10', '%201', '1%20', '-', '9999999999999999', '%D9%A1'])(
    'that is a number is not "%s"',
    (text) => {
      expect(() => query(`number=${text}`).number('number')).toThrow('the parameter number is no number');
    },
  );

  it('that is a list has all its values', () => {
    expect(query('list=a&list=&list=b').list('list')).toEqual(['a', '', 'b']);
    expect(query('').list('list')).toEqual([]);
  });

  it('that is JSON is parsed', () => {
    expect(query('json=%7B%22os%22:%22linux%22%7D').json('json')).toEqual({ os: 'linux' });
    expect(query('json=').json('json')).toBeUndefined();
    expect(() => query('json=%7B').json('json')).toThrow('the parameter json is no JSON');
  });

  it('is not read as anything else than declared', () => {
    expect(() => query('').text('flag')).toThrow('does not declare');
    expect(() => query('').text('unknown')).toThrow('does not declare');
  });

  it('that is not declared is nobody’s', () => {
    expect(() => query('anything=1&number=x')).not.toThrow();
  });
});

describe('filters', () => {
  const filters = (value: unknown) =>
    Object.fromEntries(query(new URLSearchParams({ filters: JSON.stringify(value) }).toString()).filters());

  it.each<[unknown, object]>([
    [{}, {}],
    [null, {}],
    [{ status: ['exited', 'dead'] }, { status: ['exited', 'dead'] }],
    [{ status: [] }, { status: [] }],
    [{ status: null }, { status: [] }],
    [{ status: { exited: true, dead: false, created: null } }, { status: ['exited', 'dead', 'created'] }],
    [
      { a: ['x'], b: { y: true } },
      { a: ['x'], b: ['y'] },
    ],
  ])('may be %j', (value, expected) => {
    expect(filters(value)).toEqual(expected);
  });

  it.each<[unknown]>([
    [[]],
    ['status'],
    [1],
    [true],
    [{ status: 'exited' }],
    [{ status: 1 }],
    [{ exited: [0] }],
    [{ exited: [null] }],
    [{ a: [['b']] }],
    [{ status: { exited: 1 } }],
    [{ status: { exited: 'true' } }],
  ])('are not %j', (value) => {
    expect(() => filters(value)).toThrow('is no object of lists of words');
  });

  it('are none when they are absent or empty, and refused as no JSON', () => {
    expect(query('').filters().size).toBe(0);
    expect(query('filters=').filters().size).toBe(0);
    expect(() => query('filters=%7B').filters()).toThrow('the parameter filters is no JSON');
  });

  it('may have any name', () => {
    const search = new URLSearchParams({ filters: '{"__proto__":["a"]}' });
    expect(query(search.toString()).filters().get('__proto__')).toEqual(['a']);
  });
});

describe('a parameter that is refused', () => {
  const declared = {
    link: { type: 'flag', refused: 'there are no links' },
    scope: { type: 'text', refused: 'there is no swarm', unless: 'local' },
    platforms: { type: 'list', refused: 'all go' },
  } as const satisfies Parameters;

  it.each(['', 'link=0', 'link=false', 'link=', 'scope=', 'scope=local', 'platforms='])(
    'is passed over when it asks for nothing: "%s"',
    (search) => {
      expect(() => query(search, declared)).not.toThrow();
    },
  );

  it.each(['link=1', 'link=true', 'scope=swarm', 'platforms=a', 'platforms=&platforms=a'])(
    'is refused, whether it is read or not: "%s"',
    (search) => {
      expect(() => query(search, declared)).toThrow(
        expect.objectContaining({ kind: 'unsupported', message: expect.stringMatching(/not supported: /) }),
      );
    },
  );
});
