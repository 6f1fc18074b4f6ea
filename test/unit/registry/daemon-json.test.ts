import { describe, expect, test } from 'vitest';
import { parseDaemonJson } from '../../../src/registry/daemon-json.ts';

const FILE = '/etc/docker/daemon.json';

function read(document: unknown): { mirrors: string[]; insecure: readonly string[] } {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const { mirrors, insecure } = parseDaemonJson(text, FILE);
  return { mirrors: mirrors.map(({ href }) => href), insecure };
}

describe("Docker's daemon.json", () => {
  test.each([
    ['nothing', '', { mirrors: [], insecure: [] }],
    ['other settings', { 'log-driver': 'journald' }, { mirrors: [], insecure: [] }],
    [
      'mirrors in their order',
      { 'registry-mirrors': ['https://m1.example', 'http://m2.example:5000/cache'] },
      { mirrors: ['https://m1.example/', 'http://m2.example:5000/cache/'], insecure: [] },
    ],
    [
      'insecure registries, a scheme before them or not',
      { 'insecure-registries': ['r.example:5000', '10.0.0.0/8', 'http://old.example'] },
      { mirrors: [], insecure: ['r.example:5000', '10.0.0.0/8', 'old.example'] },
    ],
  ])('may say %s', (_, document, expected) => {
    expect(read(document)).toEqual(expected);
  });

  test.each([
    ['no JSON', '{', 'it is not a JSON object'],
    ['a list', [], 'it is not a JSON object'],
    ['mirrors that are no list', { 'registry-mirrors': 'https://m.example' }, 'registry-mirrors is no list'],
    ['numbers', { 'insecure-registries': [5] }, 'insecure-registries is no list'],
    ['a mirror without a scheme', { 'registry-mirrors': ['m.example:5000'] }, '"m.example:5000"'],
    ['a mirror of another scheme', { 'registry-mirrors': ['ftp://m.example'] }, '"ftp://m.example"'],
    ['a mirror with a query', { 'registry-mirrors': ['https://m.example/?a'] }, 'without a name and query'],
    [
      'a mirror with a name',
      { 'registry-mirrors': ['https://me:secret@m.example'] },
      '"https://…@m.example"',
    ],
  ])('is refused with %s', (_, document, message) => {
    expect(() => read(document)).toThrow(expect.objectContaining({ kind: 'invalid', subject: FILE }));
    expect(() => read(document)).toThrow(message);
    expect(() => read(document)).not.toThrow('secret');
  });
});
