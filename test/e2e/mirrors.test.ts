import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { imageLayout, TAG } from '../helpers/image-layouts.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { type Outcome, useStore } from '../helpers/skiff.ts';

const USER = { name: 'ada', password: 'secret' };

let config: string;
let registry: TestRegistry;
let mirror: TestRegistry;
const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none', XDG_CONFIG_HOME: config } }));

beforeAll(() => {
  config = mkdtempSync(join(tmpdir(), 'mirrors-test-'));
  mkdirSync(join(config, 'containers'));
  imageLayout('busybox');
}, 600_000);

beforeEach(async () => {
  [registry, mirror] = await Promise.all([startRegistry(), startRegistry({ user: USER })]);
  const auth = Buffer.from(`${USER.name}:${USER.password}`).toString('base64');
  writeFileSync(join(config, 'containers/auth.json'), JSON.stringify({ auths: { [mirror.host]: { auth } } }));
  conf(`[[registry.mirror]]\nlocation = "${mirror.host}/cache"`);
});

afterEach(async () => {
  await store.skiff(['rmi', '-f', name()]);
  await Promise.all([registry.stop(), mirror.stop()]);
});

afterAll(() => rmSync(config, { recursive: true }));

/** What registries.conf says of the registry. */
function conf(text: string): void {
  const table = `[[registry]]\nlocation = "${registry.host}"\n${text}\n`;
  writeFileSync(join(config, 'containers/registries.conf'), table);
}

function name(): string {
  return `${registry.host}/team/busybox:latest`;
}

function give(to: TestRegistry, path: string): void {
  to.push(imageLayout('busybox'), { name: path, tag: TAG });
}

/** The config and the layers, as the registries have them: the hexadecimal digits of their digests. */
function blobs(): { config: string; layers: string[] } {
  const read = (...path: string[]) => JSON.parse(readFileSync(join(imageLayout('busybox'), ...path), 'utf8'));
  const hex = ({ digest }: { digest: string }) => digest.replace('sha256:', '');
  const manifest = read('blobs/sha256', hex(read('index.json').manifests[0]));
  return { config: hex(manifest.config), layers: manifest.layers.map(hex) };
}

/** Where a registry has a blob. */
function fileIn({ storage }: TestRegistry, hex: string): string {
  return join(storage, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
}

/** The requests of a pull with `--debug`, and how they ended: `GET /v2/…/blobs/DIGEST: 200`, the host replaced. */
function requests({ stderr }: Outcome): string[] {
  const lines = stderr.matchAll(/^skiff: (GET) http:\/\/(\S+?)(\/v2\/.+): (\S+) \(\d+ ms\)$/gm);
  return [...lines].map(([, method, host, path, end]) => {
    const who = host === mirror.host ? 'mirror' : host === registry.host ? 'registry' : host;
    return `${who}: ${method} ${path?.replace(/sha256:[0-9a-f]+/, 'DIGEST')} ${end}`;
  });
}

describe('an image', () => {
  it('comes from a mirror, with the credentials for it, and has the name that was asked for', async () => {
    give(mirror, 'cache/team/busybox');
    await registry.stop();
    const outcome = await store.skiff(['--debug', 'pull', name()]);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(requests(outcome)).toContain('mirror: GET /v2/cache/team/busybox/manifests/latest 200');
    expect(requests(outcome).filter((request) => request.startsWith('registry'))).toEqual([]);
    expect(outcome.stderr).not.toContain(USER.password);
    expect(await store.ok(['run', '--rm', name(), 'echo', 'afloat'])).toBe('afloat');
  });

  it('comes from the registry itself where the mirror lacks it, without a word', async () => {
    give(registry, 'team/busybox');
    const outcome = await store.skiff(['pull', name()]);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
  });

  it('may be in two places: a layer that the mirror has lost comes from the registry', async () => {
    give(mirror, 'cache/team/busybox');
    give(registry, 'team/busybox');
    rmSync(fileIn(mirror, blobs().layers[0] ?? ''));
    const outcome = await store.skiff(['--debug', 'pull', name()]);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(requests(outcome)).toContain('mirror: GET /v2/cache/team/busybox/manifests/latest 200');
    expect(requests(outcome)).toContain('mirror: GET /v2/cache/team/busybox/blobs/DIGEST 404');
    expect(requests(outcome).filter((request) => request.startsWith('registry'))).toEqual([
      'registry: GET /v2/team/busybox/blobs/DIGEST 200',
    ]);
  });

  it.each([
    ['has other bytes', (bytes: Buffer) => bytes.fill(7, bytes.length - 100)],
    ['has other bytes from the first on', (bytes: Buffer) => bytes.fill(7)],
    ['has lost the end', (bytes: Buffer) => bytes.subarray(0, -100)],
    ['has something behind it', (bytes: Buffer) => Buffer.concat([bytes, bytes])],
  ])(
    'comes whole although a mirror %s of its config or its layer, and the mirror is told',
    async (_, damage) => {
      give(mirror, 'cache/team/busybox');
      give(registry, 'team/busybox');
      for (const hex of [blobs().config, blobs().layers[0] ?? '']) {
        const good = readFileSync(fileIn(mirror, hex));
        writeFileSync(fileIn(mirror, hex), damage(Buffer.from(good)));
        const outcome = await store.skiff(['pull', name()]);
        expect(outcome.code, outcome.stderr).toBe(0);
        expect(outcome.stderr).toContain(
          `warning: mirror ${mirror.host} of ${registry.host} was passed over: `,
        );
        expect(await store.ok(['system', 'check', '--deep'])).toBe('The store has all that it should.');
        await store.ok(['rmi', name()]);
        writeFileSync(fileIn(mirror, hex), good);
      }
    },
  );

  it('that nobody has whole is told of each place, and leaves nothing', async () => {
    for (const [to, path] of [
      [mirror, 'cache/team/busybox'],
      [registry, 'team/busybox'],
    ] as const) {
      give(to, path);
      const file = fileIn(to, blobs().layers[0] ?? '');
      writeFileSync(file, readFileSync(file).fill(7, 1000, 1100));
    }
    const { code, stderr } = await store.skiff(['pull', name()]);
    expect(code).toBe(125);
    expect(stderr).toContain(`warning: mirror ${mirror.host} of ${registry.host} was passed over: `);
    expect(stderr).toMatch(/^skiff: blob sha256:[0-9a-f]{64} arrived with digest sha256:/m);
    expect(await store.ok(['system', 'check', '--deep'])).toBe('The store has all that it should.');
  });

  it('that nobody has is an error of the registry, and the reason of each mirror is told', async () => {
    conf(`[[registry.mirror]]\nlocation = "127.0.0.1:1"\n[[registry.mirror]]\nlocation = "${mirror.host}"`);
    const { code, stderr } = await store.skiff(['pull', name()]);
    expect(code).toBe(125);
    expect(stderr.split('\n')).toEqual([
      `skiff: warning: mirror 127.0.0.1:1 of ${registry.host} was passed over: connection to registry 127.0.0.1:1 was refused`,
      `skiff: warning: mirror ${mirror.host} of ${registry.host} was passed over: image ${mirror.host}/team/busybox:latest not found in registry ${mirror.host}`,
      expect.stringMatching(/^hint: /),
      `skiff: ${`image ${name()} not found in registry ${registry.host}`}`,
      expect.stringMatching(/^hint: /),
      '',
    ]);
  });

  it('that is here runs whatever a file says of its registry, which only a pull reads', async () => {
    give(registry, 'team/busybox');
    await store.ok(['pull', name()]);
    conf('blocked = true');
    expect(await store.ok(['run', '--rm', name(), 'echo', 'afloat'])).toBe('afloat');
    const blocked = await store.skiff(['pull', name()]);
    expect(blocked.code).toBe(125);
    expect(blocked.stderr).toContain(`${name()} is blocked by ${join(config, 'containers/registries.conf')}`);
    conf('blocked = "perhaps"');
    expect(await store.ok(['run', '--rm', name(), 'echo', 'afloat'])).toBe('afloat');
    const broken = await store.skiff(['pull', name()]);
    expect(broken.code).toBe(125);
    expect(broken.stderr).toContain('registries.conf: blocked is neither true nor false');
  });

  it('is pushed to its registry, not to the mirror', async () => {
    give(mirror, 'cache/team/busybox');
    await store.ok(['pull', name()]);
    const outcome = await store.skiff(['--debug', 'push', name()]);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stderr).toContain(`PUT http://${registry.host}/v2/team/busybox/manifests/latest: 201`);
    expect(outcome.stderr).not.toContain(mirror.host);
  });
});

describe('info', () => {
  it('shows mirrors and what is insecure', async () => {
    conf(`insecure = true\n[[registry.mirror]]\nlocation = "${mirror.host}/cache"`);
    const text = await store.ok(['info']);
    expect(text).toMatch(
      new RegExp(`^Insecure Registries: 127.0.0.0/8 ::1/128 (.* )?${registry.host}$`, 'm'),
    );
    expect(text).toContain(`\nRegistry Mirrors:\n ${registry.host}: ${mirror.host}/cache\n`);
  });

  it('warns of what cannot be read, and shows the rest', async () => {
    conf('blocked = "perhaps"');
    const { code, stdout, stderr } = await store.skiff(['info']);
    expect(code).toBe(0);
    expect(stdout).toContain('Images: ');
    expect(stderr).toContain('skiff: warning: ');
    expect(stderr).toContain('registries.conf: blocked is neither true nor false');
  });
});
