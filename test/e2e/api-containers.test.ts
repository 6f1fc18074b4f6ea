import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { gone } from '../helpers/plan.ts';
import { readAll, unframed, useService } from '../helpers/service.ts';
import { useStore } from '../helpers/skiff.ts';
import { tar } from '../helpers/tar.ts';

const store = useStore();
const busybox = useBusybox(store);
const service = useService(store);

/** Makes a container and returns its id. */
async function made(config: object, name?: string): Promise<string> {
  const query = name === undefined ? '' : `?name=${name}`;
  const body = { Image: busybox, HostConfig: { NetworkMode: 'none' }, ...config };
  return (await service.ok('POST', `/containers/create${query}`, { body })).Id;
}

async function waited(id: string, condition = 'not-running'): Promise<number> {
  return (await service.ok('POST', `/containers/${id}/wait?condition=${condition}`)).StatusCode;
}

/** The names in an archive, in its order. */
function namesIn(archive: Buffer): string[] {
  return execFileSync('tar', ['tPf', '-'], { input: archive, encoding: 'utf8' }).trimEnd().split('\n');
}

describe('a container by the API', () => {
  it('is created, attached to before its start, and gives all that it writes, in frames', async () => {
    const id = await made({ Cmd: ['sh', '-c', 'echo out; echo err >&2; exit 3'] });
    const connection = await service.hijack(`/v1.41/containers/${id}/attach?stream=1&stdout=1&stderr=1`);
    const ended = waited(id, 'next-exit');
    await service.ok('POST', `/containers/${id}/start`);
    expect(unframed(await readAll(connection))).toEqual({ stdout: 'out\n', stderr: 'err\n' });
    expect(await ended).toBe(3);
    expect(await waited(id)).toBe(3);
    const logs = await service.request('GET', `/containers/${id}/logs?stdout=1&stderr=1`);
    expect(unframed(logs.body)).toEqual({ stdout: 'out\n', stderr: 'err\n' });
    expect(logs.headers['content-type']).toBe('application/vnd.docker.multiplexed-stream');
  });

  it('reads what a client sends until it ends its side, and answers after that', async () => {
    const id = await made({ Cmd: ['wc', '-c'], OpenStdin: true, StdinOnce: true, AttachStdin: true });
    const connection = await service.hijack(`/containers/${id}/attach?stream=1&stdin=1&stdout=1`);
    await service.ok('POST', `/containers/${id}/start`);
    connection.end(Buffer.alloc(3_000_000));
    expect(unframed(await readAll(connection)).stdout).toBe('3000000\n');
    expect(await waited(id)).toBe(0);
  });

  it('has a terminal of the size that it is given, whose output is not framed', async () => {
    const script = 'read word; stty size; echo "got $word"';
    const id = await made({ Cmd: ['sh', '-c', script], Tty: true, OpenStdin: true });
    const connection = await service.hijack(`/containers/${id}/attach?stream=1&stdin=1&stdout=1`);
    await service.ok('POST', `/containers/${id}/start`);
    await service.ok('POST', `/containers/${id}/resize?h=31&w=97`);
    connection.write('it\n');
    expect((await readAll(connection)).toString()).toBe('it\r\n31 97\r\ngot it\r\n');
  });

  it('has its files told, read and written as an archive, and all of them exported', async () => {
    const id = await made({ Cmd: ['true'] });
    const archive = tar(
      { name: 'd/', type: '5', mode: 0o755 },
      { name: 'd/file', content: 'content', mode: 0o644 },
    );
    const at = (path: string) => `/containers/${id}/archive?path=${path}`;
    const headers = { 'Content-Type': 'application/x-tar' };
    await service.ok('PUT', at('/tmp'), { body: archive, headers });
    const { headers: told } = await service.request('HEAD', at('/tmp/d/file'));
    const stat = Buffer.from(String(told['x-docker-container-path-stat']), 'base64').toString();
    expect(JSON.parse(stat)).toMatchObject({ name: 'file', size: 7, mode: 0o644, linkTarget: '' });
    expect(namesIn((await service.request('GET', at('/tmp/d'))).body)).toEqual(['d/', 'd/file']);
    expect(namesIn((await service.request('GET', at('/tmp/d/.'))).body)).toEqual(['./', './file']);
    expect(namesIn((await service.request('GET', at('/'))).body)).toContain('/tmp/d/file');
    expect(namesIn((await service.request('GET', `/containers/${id}/export`)).body)).toContain('tmp/d/file');
    const refused = async (method: string, path: string) =>
      (await service.request(method, path, { body: archive, headers })).status;
    expect(await refused('PUT', at('/tmp/d/file'))).toBe(400);
    expect(await refused('PUT', at('/nowhere'))).toBe(404);
    expect((await service.request('HEAD', at('/nowhere'))).status).toBe(404);
    expect(await refused('PUT', `/containers/${id}/archive`)).toBe(400);
  });

  it('gives all who attached before its start the same from the first byte on', async () => {
    const id = await made({ Cmd: ['sh', '-c', 'seq 20000'] });
    const attach = () => service.hijack(`/containers/${id}/attach?stream=1&stdout=1`);
    const connections = [await attach(), await attach(), await attach()];
    await service.ok('POST', `/containers/${id}/start`);
    const expected = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join('');
    for (const bytes of await Promise.all(connections.map(readAll)))
      expect(unframed(bytes).stdout).toBe(expected);
  });

  it('keeps its input when a client ends its side or goes, who has passed on what it had, if it is not for one only', async () => {
    const script = 'while read line; do echo "heard $line"; done';
    const id = await made({ Cmd: ['sh', '-c', script], OpenStdin: true, StopTimeout: 0 });
    const attach = () => service.hijack(`/containers/${id}/attach?stream=1&stdin=1&stdout=1`);
    const first = await attach();
    await service.ok('POST', `/containers/${id}/start`);
    first.end('first\n');
    await readAll(first);
    const second = await attach();
    second.end('second\n');
    await readAll(second);
    const third = await attach();
    third.write('third\n', () => third.destroy());
    const logs = await service.open('GET', `/containers/${id}/logs?stdout=1&follow=1`);
    let heard = '';
    for await (const chunk of logs) {
      heard += unframed(chunk).stdout;
      if (heard === 'heard first\nheard second\nheard third\n') break;
    }
    const body = { Cmd: ['sh', '-c', 'sleep 1000'], Tty: true, AttachStdin: true, AttachStdout: true };
    const { Id: exec } = await service.ok('POST', `/containers/${id}/exec`, { body });
    const typing = await service.hijack(`/exec/${exec}/start`, { body: { Tty: true } });
    typing.end();
    await readAll(typing);
    expect(await service.ok('GET', `/exec/${exec}/json`)).toMatchObject({ Running: true });
    await service.ok('DELETE', `/containers/${id}?force=1`);
  });

  it('says why it cannot be started, stays and can be removed', async () => {
    const id = await made({ Cmd: ['no-such-program'] });
    const { status, json } = await service.request('POST', `/containers/${id}/start`);
    expect(status).toBe(400);
    expect(json).toEqual({ message: expect.stringContaining('executable file not found in $PATH') });
    await service.ok('DELETE', `/containers/${id}`);
    expect((await service.request('GET', `/containers/${id}/json`)).status).toBe(404);
  });

  it('is stopped, started again and killed, each as often as it is asked', async () => {
    const id = await made({ Cmd: ['sleep', '1000'], StopTimeout: 0 }, 'again');
    const status = async (what: string) =>
      (await service.request('POST', `/containers/again/${what}`)).status;
    expect([await status('start'), await status('start')]).toEqual([204, 304]);
    expect([await status('stop'), await status('stop')]).toEqual([204, 304]);
    expect([await status('start'), await status('kill'), await waited('again')]).toEqual([204, 204, 137]);
    expect(await status('kill')).toBe(409);
    expect((await service.ok('GET', '/containers/again/json')).Id).toBe(id);
  });

  it('is in no list of those that run once its monitor was killed, nor once somebody else has removed it', async () => {
    const id = await made({ Cmd: ['sleep', '1000'] });
    await service.ok('POST', `/containers/${id}/start`);
    const list = async (query = '') =>
      ((await service.ok('GET', `/containers/json${query}`)) as { Id: string }[]).map(({ Id }) => Id);
    const many = await Promise.all(Array.from({ length: 20 }, () => list()));
    expect(many.every((ids) => ids.includes(id))).toBe(true);
    const { Pid } = (await service.ok('GET', `/containers/${id}/json`)).State;
    const monitor = Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${Pid}/status`, 'utf8'))?.[1]);
    process.kill(monitor, 'SIGKILL');
    await gone(monitor);
    expect(await list()).not.toContain(id);
    expect(await list('?all=1')).toContain(id);
    await store.ok(['rm', id]);
    expect(await list('?all=1')).not.toContain(id);
  });

  it('goes on when the service is killed, whose successor joins it', async () => {
    const script = 'while :; do read line; echo "heard $line"; done';
    const id = await made({ Cmd: ['sh', '-c', script], OpenStdin: true, StopTimeout: 0 });
    await service.ok('POST', `/containers/${id}/start`);
    await service.restart();
    const connection = await service.hijack(`/containers/${id}/attach?stream=1&stdin=1&stdout=1`);
    connection.write('this\n');
    for await (const chunk of connection) {
      expect(unframed(chunk).stdout).toBe('heard this\n');
      break;
    }
    await service.ok('POST', `/containers/${id}/stop`);
    expect((await service.ok('GET', `/containers/${id}/json`)).State.Status).toBe('exited');
  });
});

describe('what happens', () => {
  it('is told to whoever has the head of the answer, from then on', async () => {
    const tag = (name: string) =>
      service.ok('POST', `/images/${encodeURIComponent(busybox)}/tag?repo=told&tag=${name}`);
    // The more often it was done before, the less time passes between the head and the event.
    for (const round of ['a', 'b', 'c', 'd']) {
      const happening = await service.open('GET', '/events');
      await tag(`${round}-first`);
      await tag(`${round}-second`);
      const told: string[] = [];
      for await (const line of createInterface({ input: happening })) {
        told.push(JSON.parse(line).Actor.Attributes.name);
        if (told.at(-1)?.endsWith('second') === true) break;
      }
      expect(told).toEqual([`told:${round}-first`, `told:${round}-second`]);
      happening.destroy();
    }
  });
});

describe('a process that is asked for by exec', () => {
  it('is started once, with its streams, and leaves its exit code, also to another service', async () => {
    const id = await made({ Cmd: ['sleep', '1000'], StopTimeout: 0 });
    await service.ok('POST', `/containers/${id}/start`);
    const body = {
      Cmd: ['sh', '-c', 'cat; echo err >&2; exit 4'],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    };
    const exec = (await service.ok('POST', `/containers/${id}/exec`, { body })).Id;
    expect(await service.ok('GET', `/exec/${exec}/json`)).toMatchObject({ Running: false, ExitCode: null });
    const connection = await service.hijack(`/exec/${exec}/start`, { body: { Detach: false } });
    connection.end('in\n');
    expect(unframed(await readAll(connection))).toEqual({ stdout: 'in\n', stderr: 'err\n' });
    const said = async (Tty: boolean, start: object) => {
      const asked = { Cmd: ['echo', 'hi'], AttachStdout: true, Tty };
      const { Id } = await service.ok('POST', `/containers/${id}/exec`, { body: asked });
      return await readAll(await service.hijack(`/exec/${Id}/start`, { body: start }));
    };
    // Who starts it says whether there are frames.
    expect((await said(false, { Tty: true })).toString()).toBe('hi\n');
    expect(unframed(await said(true, {})).stdout).toBe('hi\r\n');
    await service.restart();
    expect(await service.ok('GET', `/exec/${exec}/json`)).toMatchObject({
      ID: exec,
      ContainerID: id,
      Running: false,
      ExitCode: 4,
      OpenStdin: true,
    });
    expect((await service.request('POST', `/exec/${exec}/start`, { body: {} })).status).toBe(409);
  });

  it('is refused while the container is paused, as its start is, and can be started afterwards', async () => {
    const id = await made({ Cmd: ['sleep', '1000'], StopTimeout: 0 });
    await service.ok('POST', `/containers/${id}/start`);
    const body = { Cmd: ['echo', 'heard'], AttachStdout: true };
    const { Id: exec } = await service.ok('POST', `/containers/${id}/exec`, { body });
    await service.ok('POST', `/containers/${id}/pause`);
    const refused = async (path: string) => {
      const { status, json } = await service.request('POST', path, { body: {} });
      return [status, (json as { message: string }).message];
    };
    const paused = `Container ${id} is paused, unpause the container before exec`;
    expect(await refused(`/exec/${exec}/start`)).toEqual([409, paused]);
    expect(await refused(`/containers/${id}/start`)).toEqual([
      409,
      'cannot start a paused container, try unpause instead',
    ]);
    await service.ok('POST', `/containers/${id}/unpause`);
    expect((await service.request('POST', `/containers/${id}/start`)).status).toBe(304);
    const said = await readAll(await service.hijack(`/exec/${exec}/start`, { body: {} }));
    expect(unframed(said).stdout).toBe('heard\n');
    expect(await readAll(await service.hijack(`/containers/${id}/attach?stream=1`))).toHaveLength(0);
    await service.ok('DELETE', `/containers/${id}?force=1`);
  });
});

describe('a request', () => {
  it.each([
    ['GET', '/v1.23/info', 400, 'too old'],
    ['GET', '/v1.99/info', 400, 'too new'],
    ['GET', '/nothing', 404, 'page not found'],
    ['PUT', '/_ping', 404, 'GET, HEAD'],
    ['GET', '/containers/nobody/json', 404, 'No such container: nobody'],
    ['POST', '/containers/nobody/wait?condition=never', 400, 'never'],
    ['POST', '/containers/nobody/resize?h=a&w=1', 400, 'h is no number'],
  ])('%s %s is refused with %i, saying why', async (method, path, status, why) => {
    const answer = await service.request(method, path);
    expect([answer.status, answer.json]).toEqual([status, { message: expect.stringContaining(why) }]);
  });

  it('with a body that is none is refused, and the service goes on', async () => {
    for (const body of ['{', '[]', '"text"', 'null', '{"Image":1}', '{"HostConfig":[]}']) {
      const headers = { 'Content-Type': 'application/json' };
      const answer = await service.request('POST', '/containers/create', {
        body: Buffer.from(body),
        headers,
      });
      expect([body, answer.status]).toEqual([body, 400]);
    }
    expect((await service.request('GET', '/_ping')).text).toBe('OK');
  });
});
