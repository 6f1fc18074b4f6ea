import { describe, expect, it } from 'vitest';
import {
  collectAgent,
  collectBuildArg,
  collectContext,
  collectPlatforms,
  collectSecret,
  parseBuildVolume,
  parseEntitlement,
} from '../../../src/grammar/build.ts';

const OWN = { HTTP_PROXY: 'http://proxy', token: 'of the environment', SSH_AUTH_SOCK: '/run/agent' };

describe('--build-arg', () => {
  const arg = collectBuildArg(OWN);

  it('has a value, or that of the environment, or is left out', () => {
    const all = ['A=1', 'B=', 'HTTP_PROXY', 'NOBODY', 'A=b=c'].reduce((args, text) => arg(text, args), {});
    expect(all).toEqual({ A: 'b=c', B: '', HTTP_PROXY: 'http://proxy' });
  });

  it('has a name', () => {
    expect(() => arg('=1')).toThrow('invalid build argument "=1"');
  });
});

describe('--volume', () => {
  it('is of the host, and of what is there', () => {
    expect(parseBuildVolume('/deps:/deps:ro')).toMatchObject({
      type: 'bind',
      source: '/deps',
      target: '/deps',
      readOnly: true,
      createSource: false,
    });
  });

  it('is no volume', () => {
    for (const text of ['deps:/deps', '/deps']) {
      expect(() => parseBuildVolume(text)).toThrow('is no file or directory of the host');
    }
  });
});

describe('--secret', () => {
  const secret = collectSecret(OWN);
  const one = (text: string) => [...secret(text)];

  it('is a file or a variable', () => {
    expect(one('id=it,src=/f')).toEqual([['it', { file: '/f' }]]);
    expect(one('id=it,source=/f')).toEqual([['it', { file: '/f' }]]);
    expect(one('id=it,env=token')).toEqual([['it', { value: 'of the environment' }]]);
    expect(one('type=env,id=it,src=token')).toEqual([['it', { value: 'of the environment' }]]);
    expect(one('id=token')).toEqual([['token', { value: 'of the environment' }]]);
    expect(one('type=file,id=token,src=/f')).toEqual([['token', { file: '/f' }]]);
  });

  it.each(['src=/f', 'id=it,env=NOBODY', 'id=it,mode=1', 'id=it,type=other', 'it'])('refuses %s', (text) => {
    expect(() => secret(text)).toThrow(`invalid secret "${text}"`);
  });
});

describe('--ssh', () => {
  const agent = collectAgent(OWN);

  it('is the agent of the environment, or another', () => {
    expect([...agent('other=/socket', agent('default'))]).toEqual([
      ['default', '/run/agent'],
      ['other', '/socket'],
    ]);
  });

  it('needs an agent', () => {
    expect(() => collectAgent({})('default')).toThrow('invalid ssh agent "default"');
    expect(() => agent('=/socket')).toThrow('invalid ssh agent');
  });
});

describe('--build-context', () => {
  it('is a directory or an image', () => {
    expect([...collectContext('Base=docker-image://alpine:3', collectContext('src=/dir'))]).toEqual([
      ['src', { kind: 'directory', path: '/dir' }],
      ['base', { kind: 'image', reference: 'alpine:3' }],
    ]);
    expect(() => collectContext('/dir')).toThrow('invalid build context "/dir"');
  });

  it('is a file at a URL, or a repository', () => {
    for (const address of [
      'https://example.test/a.tar',
      'https://example.test/a.git#v1:sub',
      'git@example.test:a.git',
    ])
      expect([...collectContext(`far=${address}`)]).toEqual([['far', { kind: 'remote', address }]]);
  });
});

describe('--allow', () => {
  it('is one of two words', () => {
    expect(parseEntitlement('network.host')).toBe('network.host');
    expect(() => parseEntitlement('everything')).toThrow('invalid entitlement');
  });
});

describe('--platform', () => {
  it('has several, each once, in their order', () => {
    const first = collectPlatforms('linux/arm64/v8,linux/armhf');
    expect(collectPlatforms('linux/amd64', first)).toEqual([
      { os: 'linux', architecture: 'arm64' },
      { os: 'linux', architecture: 'arm', variant: 'v7' },
      { os: 'linux', architecture: 'amd64' },
    ]);
  });

  it.each([
    ['linux/amd64,linux/x86_64', 'the platform linux/amd64 is given twice'],
    ['linux/amd65', 'there is no architecture "amd65"'],
    ['lisux/amd64', 'there is no operating system "lisux"'],
    ['linux/amd64,', 'platform "" is not valid'],
    ['linux//v7', 'platform "linux//v7" is not valid'],
  ])('refuses %s', (text, message) => {
    expect(() => collectPlatforms(text)).toThrow(message);
  });
});
