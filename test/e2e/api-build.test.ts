import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useClient } from '../helpers/docker-client.ts';
import { useService } from '../helpers/service.ts';
import { processesWith, useStore } from '../helpers/skiff.ts';
import { tar } from '../helpers/tar.ts';
import { until } from '../helpers/until.ts';

const store = useStore();
const busybox = useBusybox(store);
const service = useService(store);
const docker = useClient('/usr/bin/docker', service, {
  env: () => ({ DOCKER_BUILDKIT: '1', WORD: 'hidden' }),
});

/** A context with a Dockerfile. */
function context(...lines: string[]): Buffer {
  const content = `FROM ${busybox}\n${lines.join('\n')}\n`;
  return tar({ name: 'Dockerfile', content }, { name: 'file', content: 'of the context\n' });
}

/** Asks for a build; its lines, parsed. */
async function built(body: Buffer, query = '') {
  const headers = { 'Content-Type': 'application/x-tar' };
  const answer = await service.request('POST', `/v1.41/build?networkmode=none${query}`, { body, headers });
  const lines = answer.text.trim().split('\n');
  return { status: answer.status, lines: lines.map((line) => JSON.parse(line)) };
}

describe('a build by the API', () => {
  it('is of an archive, tells its steps and makes an image of that id and those names', async () => {
    const body = gzipSync(context('COPY file /', 'RUN cat file; echo "$SAID"', 'CMD ["cat", "/file"]'));
    const { lines } = await built(body, '&t=app&t=app:2&labels={"l":"1"}');
    const { ID } = lines.find(({ aux }) => aux !== undefined).aux;
    const short = ID.slice(7, 19);
    expect(lines.filter(({ stream }) => stream === undefined)).toEqual([{ aux: { ID } }]);
    expect(lines.map(({ stream = '' }) => stream).join('')).toBe(`Step 1/4 : FROM ${busybox}
Step 2/4 : COPY file /
Step 3/4 : RUN cat file; echo "$SAID"
of the context

Step 4/4 : CMD ["cat", "/file"]
 ---> ${short}
Successfully built ${short}
Successfully tagged app:latest
Successfully tagged app:2
`);
    const image = await service.ok('GET', '/images/app:2/json');
    expect([image.Id, image.Config.Cmd, image.Config.Labels]).toEqual([ID, ['cat', '/file'], { l: '1' }]);
    expect((await built(body, '&q=1&labels={"l":"1"}')).lines).toEqual([{ stream: `${ID}\n` }]);
  });

  it('says the exit code of the command that has failed, and what was wrong before the first step as a status', async () => {
    const message = "The command '/bin/sh -c echo out; exit 3' returned a non-zero code: 3";
    const { status, lines } = await built(context('RUN echo out; exit 3'), '&q=1');
    expect([status, lines.at(-2), lines.at(-1)]).toEqual([
      200,
      { stream: 'out\n' },
      { errorDetail: { code: 3, message }, error: message },
    ]);
    const wrong = await built(context('RUM echo'));
    expect([wrong.status, wrong.lines]).toEqual([
      400,
      [{ message: expect.stringContaining('unknown instruction: RUM') }],
    ]);
  });

  it('ends with the client that has asked for it', async () => {
    const body = context('RUN exec sleep 86471');
    const response = await service.open('POST', '/build?networkmode=none', { body });
    await until(() => processesWith('sleep 86471').length === 1);
    response.destroy();
    await until(() => processesWith('sleep 86471').length === 0);
    expect((await service.request('GET', '/_ping')).text).toBe('OK');
  });

  it('of a client of BuildKit asks that for its files, as they are, and for secrets', async () => {
    const context = mkdtempSync(join(tmpdir(), 'skiff-context-'));
    const secret = '--mount=type=secret,id=word cat /run/secrets/word; echo';
    writeFileSync(
      join(context, 'Dockerfile'),
      `FROM ${busybox}\nCOPY . /of\nRUN ${secret}; ls -1A /of /of/sub\n`,
    );
    writeFileSync(join(context, '.dockerignore'), 'left\n*.dockerignore\n');
    writeFileSync(join(context, 'left'), '');
    writeFileSync(join(context, 'large'), Buffer.alloc(100_000));
    mkdirSync(join(context, 'sub'));
    symlinkSync('../large', join(context, 'sub', 'link'));
    const options = ['--progress=plain', '--network=none', '--secret', 'id=word,env=WORD', '-t', 'kit'];
    const shown = await docker(['build', ...options, context]);
    rmSync(context, { recursive: true });
    const lines = shown.split('\n').map((line) => line.replace(/^#\d+ \d+\.\d+ /, ''));
    expect(lines.slice(lines.indexOf('hidden'))).toEqual(
      expect.arrayContaining(['hidden', '/of:', 'Dockerfile', 'large', 'sub', '/of/sub:', 'link']),
    );
    expect(lines).not.toContain('left');
    expect((await service.request('GET', '/images/kit/json')).status).toBe(200);
  });

  it("has BuildKit's own API only for who asks for its protocol", async () => {
    expect(await service.request('POST', '/grpc')).toMatchObject({
      status: 400,
      text: expect.stringContaining('Upgrade: h2c'),
    });
  });

  it('leaves a cache, which is told of and pruned', async () => {
    const { BuildCache, Containers } = await service.ok('GET', '/system/df?type=build-cache');
    expect(Containers).toBeNull();
    expect(BuildCache).toContainEqual(
      expect.objectContaining({ Description: 'COPY file /', Type: 'regular' }),
    );
    const { CachesDeleted } = await service.ok('POST', '/build/prune?all=1');
    expect(CachesDeleted.toSorted()).toEqual(BuildCache.map(({ ID }: { ID: string }) => ID).toSorted());
    expect(await service.ok('POST', '/build/prune')).toEqual({ CachesDeleted: null, SpaceReclaimed: 0 });
  });
});
