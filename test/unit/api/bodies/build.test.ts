import { describe, expect, it } from 'vitest';
import { buildOptionsOf } from '../../../../src/api/bodies/build.ts';
import { BUILD_ROUTES } from '../../../../src/api/build/routes.ts';
import { Query } from '../../../../src/api/http/query.ts';
import { registryConfig } from '../../../../src/api/http/registry-auth.ts';

const declared = BUILD_ROUTES.find(({ path }) => path === '/build')?.query ?? {};
const BODY = (async function* () {})();

function options(search: string | [string, string][]) {
  return buildOptionsOf(new Query(new URLSearchParams(search), declared), BODY);
}

describe('the query of a build', () => {
  it('of the docker command line asks for nothing when nothing is asked', () => {
    const said =
      'buildargs=%7B%7D&cachefrom=%5B%5D&cgroupparent=&cpuperiod=0&cpuquota=0&cpusetcpus=&cpusetmems=&cpushares=0&dockerfile=Dockerfile&labels=%7B%7D&memory=0&memswap=0&networkmode=default&rm=1&shmsize=0&target=&ulimits=null&version=1';
    expect(options(said)).toEqual({
      source: { kind: 'stream', name: 'the context', bytes: BODY },
      names: [],
      buildArgs: {},
      labels: {},
      pull: false,
      noCache: false,
      squash: false,
      cacheFrom: [],
      steps: { network: 'default', extraHosts: [], resources: {} },
    });
  });

  it('becomes the options of the engine', () => {
    const read = options([
      ['t', 'one'],
      ['t', 'two:2'],
      ['dockerfile', 'sub/Dockerfile.dev'],
      ['remote', 'https://example.com/a.git#v2'],
      ['buildargs', '{"A":"1","GONE":null}'],
      ['labels', '{"k":"v"}'],
      ['cachefrom', '["team/app:cache"]'],
      ['extrahosts', 'db:10.0.0.5'],
      ['memory', '1048576'],
      ['memswap', '-1'],
      ['cpusetcpus', '0'],
      ['shmsize', '4096'],
      ['networkmode', 'bridge'],
      ['ulimits', '[{"Name":"nofile","Soft":7,"Hard":8}]'],
      ['platform', 'linux/arm64'],
      ['pull', '1'],
      ['nocache', 'true'],
      ['squash', '1'],
      ['target', 'test'],
    ]);
    expect(read).toMatchObject({
      source: { kind: 'remote', address: 'https://example.com/a.git#v2' },
      file: 'sub/Dockerfile.dev',
      names: ['one', 'two:2'],
      target: 'test',
      buildArgs: { A: '1' },
      labels: { k: 'v' },
      platforms: [{ os: 'linux', architecture: 'arm64' }],
      pull: true,
      noCache: true,
      squash: true,
      cacheFrom: [{ kind: 'registry', reference: 'team/app:cache', insecure: false }],
      steps: {
        network: 'bridge',
        extraHosts: [{ name: 'db', address: '10.0.0.5' }],
        resources: { memory: 1_048_576, memorySwap: -1, cpusetCpus: '0' },
        rlimits: [{ name: 'nofile', soft: 7, hard: 8 }],
        shmSize: 4096,
      },
    });
  });

  it.each([
    ['remote=nowhere', 'could not be recognized as URL'],
    ['buildargs=[]', 'buildargs is not an object of texts'],
    ['buildargs={"A":1}', 'buildargs is not an object of texts'],
    ['cachefrom={}', 'cachefrom is not a list of texts'],
    ['ulimits=[1]', 'ulimits[0] is not an object'],
    ['networkmode=container:x', 'network of a container'],
    ['outputs=[{"Type":"local"}]', 'outputs'],
  ])('%s is refused', (search, why) => {
    expect(() => options(search)).toThrow(why);
  });
});

describe('X-Registry-Config', () => {
  const read = (text: string) =>
    registryConfig({ headers: { 'x-registry-config': Buffer.from(text).toString('base64url') } } as never);

  it('says who the client is to each registry, and to no other', async () => {
    const source = read(
      JSON.stringify({
        'https://index.docker.io/v1/': { username: 'a', password: 'b' },
        'registry.example:5000': { identitytoken: 't' },
        'not a registry': {},
      }),
    );
    const find = (domain: string) => source?.find({ domain, path: 'x' });
    expect(await find('docker.io')).toEqual({ username: 'a', password: 'b' });
    expect(await find('registry.example:5000')).toEqual({ identityToken: 't' });
    expect(await find('other.example')).toBeUndefined();
  });

  it('that is none is refused, and one that is absent says nothing', () => {
    expect(() => read('[]')).toThrow('X-Registry-Config is not an object');
    expect(() => read('{')).toThrow('X-Registry-Config is no JSON in base64');
    expect(registryConfig({ headers: {} } as never)).toBeUndefined();
  });
});
