import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { withoutUser, withSettings } from '../../../../src/engine/build/git-user.ts';

const basic = (text: string) => `Authorization: Basic ${Buffer.from(text).toString('base64')}`;

const headed = (origin: string, header: string) => [
  [`http.${origin}/.extraHeader`, header],
  [`http.${origin}/.followRedirects`, 'false'],
];

describe('the address of a repository', () => {
  it.each([
    ['https://git.example/a.git', 'https://git.example/a.git', []],
    ['ssh://git@git.example/a.git', 'ssh://git@git.example/a.git', []],
    [
      'https://me:p%40ss@git.example:444/a.git',
      'https://git.example:444/a.git',
      headed('https://git.example:444', basic('me:p@ss')),
    ],
    [
      'http://token@git.example/a@b.git',
      'http://git.example/a@b.git',
      [['credential.http://git.example/.username', 'token']],
    ],
    ['http://%zz:x@git.example/a', 'http://git.example/a', headed('http://git.example', basic('%zz:x'))],
  ])('%s is %s for everybody to see, and the rest for git alone', (given, url, settings) => {
    expect(withoutUser(given)).toEqual({ url, settings });
  });

  it('keeps its secrets in the environment, behind the settings that are there', () => {
    const before = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'some.key', GIT_CONFIG_VALUE_0: 'one' };
    expect(withSettings(before, [['other.key', 'two']])).toEqual({
      ...before,
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_1: 'other.key',
      GIT_CONFIG_VALUE_1: 'two',
    });
    expect(withSettings({ A: 'b' }, [])).toEqual({ A: 'b' });
    const { settings } = withoutUser('https://me:secret@git.example/a.git');
    const env = withSettings({ PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' }, settings);
    const words = ['config', '--get-urlmatch', 'http.extraHeader', 'https://git.example/a.git'];
    expect(execFileSync('git', words, { env, encoding: 'utf8' }).trim()).toBe(basic('me:secret'));
  });
});
