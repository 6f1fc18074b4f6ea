import { describe, expect, it } from 'vitest';
import { contextAddress, fileNameOf, isRemote, parseGit } from '../../../../src/build/stages/remote.ts';

describe('parseGit', () => {
  it.each<[string, string, string | undefined, string]>([
    ['https://host/user/repo.git', 'https://host/user/repo.git', undefined, ''],
    ['https://host/repo.git#v1.0', 'https://host/repo.git', 'v1.0', ''],
    ['https://host/repo.git#v1.0:docs/a', 'https://host/repo.git', 'v1.0', 'docs/a'],
    ['https://host/repo.git#:docs', 'https://host/repo.git', undefined, 'docs'],
    ['git@host.example:user/repo#main', 'git@host.example:user/repo', 'main', ''],
    ['git://host/repo', 'git://host/repo', undefined, ''],
    ['ssh://git@host:22/repo.git#0123abc', 'ssh://git@host:22/repo.git', '0123abc', ''],
  ])('reads %s', (text, url, ref, directory) => {
    expect(parseGit(text)).toEqual({ url, ref, directory });
    expect(isRemote(text)).toBe(true);
  });

  it.each([
    'https://host/repo',
    'http://host/a.git.tar',
    'repo.git',
    'github.com/user/repo.git',
    'a@b',
    './x@y:z/..',
    'file:///r.git',
  ])('takes %s for none', (text) => {
    expect(parseGit(text)).toBeUndefined();
  });

  it.each([
    'https://host/repo.git#--upload-pack=x',
    'ssh://-oProxyCommand=x/repo',
    'https://host/r.git#a b',
    'https://host/r s.git',
    'git://',
    'git://host',
    'ssh:///repo',
    'ssh://git@host:port/repo',
    'git@-host:repo',
  ])('refuses %s', (text) => {
    expect(() => parseGit(text)).toThrow('invalid git repository');
  });
});

it.each([
  ['github.com/user/repo', 'https://github.com/user/repo.git'],
  ['github.com/user/repo.git#v1:sub', 'https://github.com/user/repo.git#v1:sub'],
  ['github.com/user/repo/#:sub', 'https://github.com/user/repo.git#:sub'],
  ['git@host:user/repo.git#main', 'git@host:user/repo.git#main'],
  ['http://host/context.tar', 'http://host/context.tar'],
  ['./github.com/user/repo', undefined],
  ['gitlab.com/user/repo.git', undefined],
  ['github.com', undefined],
])('takes the context %s for %s', (text, address) => {
  expect(contextAddress(text)).toBe(address);
});

it('tells addresses from paths', () => {
  expect(['http://a/b', 'HTTPS://a', 'a/b', 'ftp://a/b', 'http:/a'].map(isRemote)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

it('calls what is downloaded by the last part of the path', () => {
  const names = [
    'http://h/a/b.txt?x=1',
    'http://h/',
    'http://h/a/',
    'http://h/a%20b',
    'http://h/..%2f..%2fpasswd',
    'http://h/%ff',
  ];
  expect(names.map((url) => fileNameOf(new URL(url)))).toEqual([
    'b.txt',
    undefined,
    undefined,
    'a b',
    'passwd',
    '%ff',
  ]);
});
