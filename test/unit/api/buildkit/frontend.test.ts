import { describe, expect, it } from 'vitest';
import { type WantedBuild, wantedBuild } from '../../../../src/api/buildkit/frontend.ts';

function wanted(attributes: Record<string, string>, frontend = 'dockerfile.v0'): WantedBuild {
  return wantedBuild({ frontend, attributes: new Map(Object.entries(attributes)), cacheImports: [] });
}

describe("the attributes of the Dockerfile's frontend", () => {
  it('say nothing of a plain build, whose files the client has', () => {
    const { context, directories, file, options } = wanted({});
    expect([context, file]).toEqual([{ kind: 'client' }, undefined]);
    expect(directories).toEqual({ context: { name: 'context' }, dockerfile: undefined });
    expect(options).toMatchObject({ target: undefined, buildArgs: {}, labels: {}, pull: false });
    expect(options.noCache).toBeUndefined();
  });

  it('are the options of a build', () => {
    const { file, options } = wanted({
      filename: 'build/Dockerfile',
      target: 'test',
      'build-arg:A': '1',
      'build-arg:EMPTY': '',
      'build-arg:SOURCE_DATE_EPOCH': '17',
      'label:l': 'v=w',
      platform: 'linux/amd64,linux/arm64',
      'image-resolve-mode': 'pull',
      'no-cache': '',
      'force-network-mode': 'none',
      'add-hosts': 'a=1.2.3.4,b=::1',
      ulimit: 'nofile=100:200,nproc=5',
      'shm-size': '65536',
      'cgroup-parent': '/group',
    });
    expect(file).toBe('build/Dockerfile');
    expect(options).toEqual({
      target: 'test',
      buildArgs: { A: '1', EMPTY: '', SOURCE_DATE_EPOCH: '17' },
      latest: 17,
      labels: { l: 'v=w' },
      platforms: [
        { os: 'linux', architecture: 'amd64' },
        { os: 'linux', architecture: 'arm64' },
      ],
      pull: true,
      noCache: true,
      steps: {
        network: 'none',
        extraHosts: [
          { name: 'a', address: '1.2.3.4' },
          { name: 'b', address: '::1' },
        ],
        rlimits: [
          { name: 'nofile', soft: 100, hard: 200 },
          { name: 'nproc', soft: 5, hard: 5 },
        ],
        shmSize: 65536,
        resources: { cgroupParent: '/group' },
      },
    });
    expect(wanted({ 'no-cache': 'one,two' }).options.noCache).toEqual(['one', 'two']);
  });

  it('say where the files are', () => {
    expect(wanted({ context: 'http://buildkit-session/abc' }).context).toEqual({
      kind: 'uploaded',
      path: 'abc',
    });
    expect(wanted({ context: 'https://example.com/team/app.git#v1' }).context).toEqual({
      kind: 'remote',
      address: 'https://example.com/team/app.git#v1',
    });
    const { directories } = wanted({
      contextkey: 'files',
      dockerfilekey: 'texts',
      'local-sessionid:texts': 'other',
      'local-sessionid:unused': 'another',
    });
    expect(directories).toEqual({
      context: { name: 'files', session: undefined },
      dockerfile: { name: 'texts', session: 'other' },
    });
  });

  it('may have what clients ask for by themselves and costs nothing', () => {
    const attributes = {
      'attest:provenance': 'mode=min,inline-only=true,builder-id=',
      'attest:sbom': 'disabled=true',
      'vcs:revision': 'abc',
      'frontend.caps': 'moby.buildkit.frontend.contexts+forward',
      'build-name': 'a',
    };
    expect(() => wanted(attributes)).not.toThrow();
  });

  it.each<[Record<string, string>, string]>([
    [{ 'attest:provenance': 'mode=max' }, 'attest:provenance'],
    [{ 'something-new': '1' }, 'something-new'],
    [{ context: 'what' }, 'what cannot be the context'],
    [{ 'shm-size': '64m' }, '"64m" is no size'],
    [{ ulimit: 'nofile' }, 'invalid ulimit'],
    [{ platform: 'a/b/c/d' }, 'a/b/c/d'],
  ])('are refused: %j', (attributes, message) => {
    expect(() => wanted(attributes)).toThrow(message);
  });

  it('are those of no other frontend', () => {
    expect(() => wanted({ source: 'docker/dockerfile:1' }, 'gateway.v0')).toThrow(
      'there is no frontend gateway.v0',
    );
  });
});
