import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { parseDockerfile } from '../../src/build/dockerfile/parse.ts';
import { planStages } from '../../src/build/stages/plan-stages.ts';
import { Build, type BuildParts } from '../../src/engine/build/build.ts';
import {
  type CopyRequest,
  copySources,
  digestSources,
  makeDirectory,
  type Selection,
} from '../../src/engine/build/copy.ts';
import { finishLayer } from '../../src/engine/build/layer.ts';
import { openContext } from '../../src/engine/build/open-context.ts';
import type { BuildOptions } from '../../src/engine/build/options.ts';
import { planOptions } from '../../src/engine/build/plan-options.ts';
import { prepareMounts } from '../../src/engine/build/run-mounts.ts';
import { layersTree } from '../../src/engine/build/tree.ts';
import { copyStep } from '../helpers/copy-step.ts';
import { HELPER } from '../helpers/layers.ts';
import { describeTree } from '../helpers/tree.ts';
import { useContext } from '../unit/engine/fixtures.ts';

const room = useContext(HELPER);
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-build-'));
  for (const name of ['context', 'upper']) mkdirSync(join(root, name));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const at = (name: string) => join(root, name);
let scratches = 0;

/** A build of the context that does nothing by itself. */
function buildOf(text: string): Build {
  const options = { platform: undefined } as unknown as BuildOptions;
  const plan = planStages(parseDockerfile(text, { name: 'Dockerfile' }), planOptions(options));
  const files = { directory: at('context'), ignore: undefined };
  const parts = { context: room.context, files, plan, options, work: { directory: scratch } };
  return new Build(parts as unknown as BuildParts, () => Promise.reject(new Error('there is no stage')));
}

const BIND = {
  type: 'bind',
  from: { kind: 'context' },
  source: '/d',
  target: '/c',
  writable: false,
} as const;

function scratch(): string {
  const path = at(`scratch-${scratches++}`);
  mkdirSync(path);
  return path;
}

function shell(script: string, directory = 'context'): void {
  execFileSync('sh', ['-ec', `umask 022; ${script}`], {
    cwd: at(directory),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function requestOf(copy: string, source: Partial<CopyRequest['source']> = {}): CopyRequest {
  const context = { name: 'the build context', root: `dir:${at('context')}`, keepsOwners: false };
  return { step: copyStep(copy), source: { ...context, ...source }, owner: undefined, scratch: scratch() };
}

async function select(copy: string): Promise<{ request: CopyRequest; selection: Selection }> {
  const request = requestOf(copy);
  return { request, selection: await digestSources(room.context, request) };
}

async function copyInto(
  { request, selection }: { request: CopyRequest; selection: Selection },
  lowers: string[] = [],
): Promise<{ digest: string; tree: string[] }> {
  const stage = { lowers, upper: at('upper'), scratch: scratch() };
  const { digest } = await copySources(room.context, request, { selection, stage });
  return { digest, tree: describeTree(at('upper'), { times: false }).slice(1) };
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Serves files by their paths. */
async function serve(
  files: Record<string, Buffer | string>,
  headers: Record<string, string> = {},
): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    const found = files[url];
    if (found === undefined) response.writeHead(404).end();
    else if (String(found).startsWith('=> '))
      response.writeHead(302, { location: String(found).slice(3) }).end();
    else response.writeHead(200, headers).end(found);
  });
  return `http://127.0.0.1:${await listening(server)}`;
}

/** Serves one file under any path, or 304 to whom it has told this value of a header; `bodies`: how often it was sent. */
async function serveIfChanged(
  name: string,
  file: { content: string; value: string },
  more: Record<string, string> = {},
): Promise<{ url: string; bodies: () => number }> {
  let bodies = 0;
  const server = createServer(({ headers }, response) => {
    const known = headers['if-none-match'] ?? headers['if-modified-since'];
    if (known === file.value) return void response.writeHead(304).end();
    bodies += 1;
    response.writeHead(200, { [name]: file.value, ...more }).end(file.content);
  });
  return { url: `http://127.0.0.1:${await listening(server)}/a`, bodies: () => bodies };
}

describe('ADD of an address', () => {
  it('makes a file of what it leads to, for root alone, with its time, under its name', async () => {
    const url = await serve(
      { '/a': '=> /dir/b', '/dir/b': 'hello' },
      { 'last-modified': 'Thu, 01 Jan 1970 00:00:09 GMT' },
    );
    const selected = await select(`ADD ${url}/a /x/`);
    const { digest, tree } = await copyInto(selected);
    expect(digest).toBe(selected.selection.digest);
    expect(tree.map((line) => line.split(' ').slice(0, 5).join(' '))).toEqual([
      'x directory 0755 0:0',
      expect.stringMatching(/^x\/a file 0600 0:0 5/),
    ]);
    expect(readFileSync(at('upper/x/a'), 'utf8')).toBe('hello');
    expect(describeTree(at('upper')).at(-1)).toMatch(/mtime=9000000000$/);
  });

  it('fetches what it leads to once, as long as the server says that it is as it was', async () => {
    for (const [name, value] of [
      ['etag', '"one"'],
      ['last-modified', 'Thu, 01 Jan 1970 00:00:09 GMT'],
    ] as const) {
      const file = { content: 'hello', value };
      const { url, bodies } = await serveIfChanged(name, file);
      const [first, again] = [await select(`ADD ${url} /x`), await select(`ADD ${url} /x`)];
      expect([again.selection.digest, bodies()]).toEqual([first.selection.digest, 1]);
      expect((await select(`ADD --chmod=755 ${url} /x`)).selection.digest).not.toBe(first.selection.digest);
      expect(bodies()).toBe(2);
      expect((await copyInto(again)).digest).toBe(first.selection.digest);
      expect([readFileSync(at('upper/x'), 'utf8'), bodies()]).toEqual(['hello', 3]);
      shell('rm x', 'upper');
      Object.assign(file, { content: 'other', value: name === 'etag' ? '"two"' : `${value} ` });
      const changed = await select(`ADD ${url} /x`);
      expect(changed.selection.digest).not.toBe(first.selection.digest);
    }
  });

  it('fetches it anew each time when nothing tells whether it has changed', async () => {
    const now = { 'last-modified': new Date().toUTCString() };
    const { url, bodies } = await serveIfChanged('x-version', { content: 'hello', value: '1' }, now);
    for (const _ of [1, 2]) await select(`ADD ${url} /x`);
    expect(bodies()).toBe(2);
  });

  it('asks nobody for what has a checksum that is known, wherever it is', async () => {
    const sum = createHash('sha256').update('hello').digest('hex');
    const { url, bodies } = await serveIfChanged('etag', { content: 'hello', value: '"one"' });
    const { selection } = await select(`ADD --checksum=sha256:${sum} ${url} /x`);
    const elsewhere = await select(`ADD --checksum=sha256:${sum} http://127.0.0.1:1/a /x`);
    expect([elsewhere.selection.digest, bodies()]).toEqual([selection.digest, 1]);
    await expect(copyInto(elsewhere)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('takes what has the checksum, and nothing else', async () => {
    const url = await serve({ '/a': 'hello' });
    const sum = createHash('sha256').update('hello').digest('hex');
    await select(`ADD --checksum=sha256:${sum} ${url}/a /x`);
    await expect(select(`ADD --checksum=sha256:${'0'.repeat(64)} ${url}/a /x`)).rejects.toThrow(
      `has another checksum: sha256:${sum}, not sha256:0000`,
    );
  });

  it('unpacks an archive only when it is told to', async () => {
    shell('echo 1 >f; tar -czf t --owner=9 --group=9 f');
    const url = await serve({ '/t.tgz': readFileSync(at('context/t')) });
    expect((await copyInto(await select(`ADD --unpack=true ${url}/t.tgz /x`))).tree[1]).toMatch(
      /^x\/f file 0644 9:9 2/,
    );
    expect((await copyInto(await select(`ADD ${url}/t.tgz /y/`))).tree).toContainEqual(
      expect.stringMatching(/^y\/t.tgz file 0600/),
    );
  });

  it('says what is missing', async () => {
    const url = await serve({ '/': 'x' });
    await expect(select(`ADD ${url}/gone /x`)).rejects.toMatchObject({ kind: 'notFound' });
    await expect(select(`ADD ${url}/ /x/`)).rejects.toThrow('has no file name');
    await copyInto(await select(`ADD ${url}/ /x`));
    expect(readFileSync(at('upper/x'), 'utf8')).toBe('x');
    await expect(select('ADD http://127.0.0.1:1/a /x')).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

/** Serves the repositories of a directory by git's own protocol. */
async function serveGit(directory: string): Promise<string> {
  const server = createTcpServer((socket) => {
    const daemon = spawn(
      'git',
      ['daemon', '--inetd', '--export-all', `--base-path=${directory}`, directory],
      {
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    );
    socket.on('error', () => {});
    daemon.stdin.on('error', () => {});
    socket.pipe(daemon.stdin);
    daemon.stdout.pipe(socket);
  });
  return `git://127.0.0.1:${await listening(server)}`;
}

describe('ADD of a git repository', () => {
  let url: string;
  let commit: string;
  beforeEach(async () => {
    const git = 'git -c user.name=a -c user.email=a@b -c init.defaultBranch=main';
    shell(`mkdir repo; cd repo; ${git} init -q; mkdir docs; echo 1 >docs/a; echo 2 >run; chmod 755 run; ln -s /etc/passwd docs/l
      ${git} add .; ${git} commit -qm 1; ${git} tag -a v1 -m v1; echo 3 >new; ${git} add .; ${git} commit -qm 2`);
    commit = execFileSync('git', ['-C', at('context/repo'), 'rev-parse', 'HEAD'], {
      encoding: 'utf8',
    }).trim();
    url = `${await serveGit(at('context'))}/repo`;
  });
  const paths = (tree: string[]) => tree.map((line) => line.split(' ').slice(0, 4).join(' '));

  it('takes its files, without what git keeps', async () => {
    const { tree } = await copyInto(await select(`ADD ${url} /x/`));
    expect(paths(tree)).toEqual([
      'x directory 0755 0:0',
      'x/docs directory 0755 0:0',
      'x/docs/a file 0644 0:0',
      'x/docs/l symlink 0777 0:0',
      'x/new file 0644 0:0',
      'x/run file 0755 0:0',
    ]);
  });

  it('takes a tag and a directory, and says the same of the same files', async () => {
    const first = await select(`ADD ${url}#v1 /x`);
    expect(paths((await copyInto(first)).tree)).not.toContain('x/new file 0644 0:0');
    expect((await select(`ADD ${url}#v1 /x`)).selection.digest).toBe(first.selection.digest);
    expect(paths((await copyInto(await select(`ADD ${url}#main:docs /y`))).tree)).toContain(
      'y/a file 0644 0:0',
    );
    await expect(select(`ADD ${url}#main:gone /y`)).rejects.toThrow('"gone" is not in git://');
    await expect(select(`ADD ${url}#main:docs/l /y`)).rejects.toMatchObject({ kind: 'notFound' });
  });

  it('keeps the history when it is told to, and knows the commit', async () => {
    const { tree } = await copyInto(
      await select(`ADD --keep-git-dir --checksum=${commit.slice(0, 9)} ${url} /x`),
    );
    expect(paths(tree)).toContain('x/.git/HEAD file 0644 0:0');
    await expect(select(`ADD --checksum=0000 ${url} /x`)).rejects.toThrow(`is at commit ${commit}, not 0000`);
    await expect(select(`ADD ${url}#gone /x`)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('a repository whose submodules lead elsewhere', () => {
  const git = 'git -c user.name=a -c user.email=a@b -c init.defaultBranch=main';
  async function withSubmodule(address: string): Promise<string> {
    shell(`${git} init -q sub; cd sub; echo 1 >f; ${git} add .; ${git} commit -qm 1; cd ..; ${git} init -q whole; cd whole
      printf '[submodule "s"]\n\tpath = s\n\turl = ${address}\n' >.gitmodules; ${git} add .gitmodules
      ${git} update-index --add --cacheinfo 160000,$(git -C ../sub rev-parse HEAD),s; ${git} commit -qm 1`);
    return `${await serveGit(at('context'))}/whole`;
  }

  it('has those that are beside it', async () => {
    const url = await withSubmodule('../sub');
    expect((await copyInto(await select(`ADD ${url} /x`))).tree).toContainEqual(
      expect.stringMatching(/^x\/s\/f file/),
    );
  });

  it.each([
    ['a directory of this machine', () => at('context/sub'), "transport 'file' not allowed"],
    ['a program', () => 'ext::true', "transport 'ext' not allowed"],
  ])('has none that is %s, whatever the user lets git do', async (_, address, message) => {
    vi.stubEnv('GIT_CONFIG_PARAMETERS', "'protocol.allow'='always' 'protocol.file.allow'='always'");
    const url = await withSubmodule(address());
    await expect(select(`ADD ${url} /x`)).rejects.toThrow(message);
    const source = { kind: 'remote', address: url } as const;
    await expect(openContext(room.context, { source, scratch })).rejects.toThrow(message);
    vi.unstubAllEnvs();
  });

  it('is fetched by a Dockerfile with no keys but those of the agent that the build was given', async () => {
    for (const address of ['git@127.0.0.1:x', 'ssh://127.0.0.1/x', 'git+ssh://127.0.0.1/x'])
      await expect(select(`ADD ${address} /x`)).rejects.toMatchObject({
        kind: 'denied',
        message: `${address} wants a key, and this build was given none`,
      });
  });
});

describe('COPY', () => {
  it('keeps the owners of a stage, and gives those of a context to root', async () => {
    shell('mkdir d; echo 1 >d/f; chown 7:8 d d/f');
    const layer = at('context');
    const request = requestOf('COPY d /x', { root: layersTree([layer], scratch()), keepsOwners: true });
    const selection = await digestSources(room.context, request);
    expect(selection.digest).not.toBe((await select('COPY d /x')).selection.digest);
    expect((await copyInto({ request, selection })).tree[1]).toMatch(/^x\/f file 0644 7:8/);
  });

  it('sees the files of several layers as one tree', async () => {
    for (const [name, script] of [
      ['lower', 'mkdir d; echo 1 >d/a; echo 2 >d/b; ln -s /d/a link'],
      ['upper-layer', 'mkdir d; echo 3 >d/a; mknod d/b c 0 0'],
    ] as const) {
      mkdirSync(at(name));
      shell(script, name);
    }
    const tree = layersTree([at('upper-layer'), at('lower')], scratch());
    const request = requestOf('COPY link d/ /x/', { root: tree, keepsOwners: true });
    await copyInto({ request, selection: await digestSources(room.context, request) });
    expect(readFileSync(at('upper/x/link'), 'utf8')).toBe('3\n');
    expect(describeTree(at('upper'), { times: false }).map((line) => line.split(' ')[0])).toEqual([
      '.',
      'x',
      'x/a',
      'x/link',
    ]);
  });

  it('tells the digest of what was really copied when somebody changes it meanwhile', async () => {
    shell('echo 1 >f');
    const selected = await select('COPY f /x');
    writeFileSync(at('context/f'), '2\n');
    const { digest } = await copyInto(selected);
    expect(digest).not.toBe(selected.selection.digest);
    expect(digest).toBe((await select('COPY f /x')).selection.digest);
  });

  it('tells of a bind mount what it shows, whatever was there when it was looked at', async () => {
    shell('mkdir d; echo before >d/f');
    const build = buildOf('FROM scratch\nRUN true\n');
    const before = await prepareMounts(build, [BIND]);
    await using same = await before.hold({ files: [], proxies: [] });
    expect(same.parts).toEqual(before.parts);
    shell('echo after >d/f');
    await using other = await before.hold({ files: [], proxies: [] });
    expect(other.parts).not.toEqual(before.parts);
    expect(other.parts).toEqual((await prepareMounts(build, [BIND])).parts);
  });

  it('takes no file that was not there when it looked', async () => {
    shell('mkdir d; echo 1 >d/f; echo secret >.dockerignore');
    const selected = await select('COPY --exclude=secret d /x');
    shell('echo 2 >d/secret; echo 3 >d/late');
    expect((await copyInto(selected)).tree.map((line) => line.split(' ')[0])).toEqual(['x', 'x/f']);
  });

  it('makes a layer of nothing but what it copied', async () => {
    shell('echo 1 >f');
    mkdirSync(at('base'));
    shell('mkdir etc; echo old >etc/f; mkdir -m 1777 tmp', 'base');
    await copyInto(await select('COPY f /etc/f'), [at('base')]);
    const draft = { upper: at('upper'), lowers: [at('base')], ran: false };
    const layer = await finishLayer(room.context, draft);
    expect(layer).toMatchObject({ entries: 2, bytes: 2 });
    expect(await finishLayer(room.context, { ...draft, times: { latest: 5 } })).not.toMatchObject({
      diffID: layer?.diffID,
    });
    expect(describeTree(at('upper')).at(-1)).toContain('mtime=5000000000');
  });

  it('makes a directory of WORKDIR, where links of the stage lead, and no layer of one that is there', async () => {
    mkdirSync(at('base'));
    shell('mkdir -m 711 real; ln -s /real link', 'base');
    const stage = { lowers: [at('base')], upper: at('upper'), scratch: scratch() };
    await makeDirectory(room.context, stage, '/link');
    const draft = { upper: at('upper'), lowers: [at('base')], ran: false };
    expect(await finishLayer(room.context, draft)).toBeUndefined();
    await makeDirectory(room.context, { ...stage, scratch: scratch() }, '/link/a/b', { uid: 5, gid: 6 });
    expect(await finishLayer(room.context, draft)).toMatchObject({ entries: 3 });
    expect(describeTree(at('upper'), { times: false }).slice(1)).toEqual([
      'real directory 0711 0:0',
      'real/a directory 0755 5:6',
      'real/a/b directory 0755 5:6',
    ]);
  });
});
