import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connections } from '../../../src/api/http/connections.ts';
import { SharedAnswers } from '../../../src/api/http/shared-answers.ts';
import { responseWire } from '../../../src/api/http/wire.ts';
import { answer } from '../../../src/api/server.ts';
import { openEngine } from '../../../src/engine/engine.ts';
import { httpServer } from '../../../src/host/http-server.ts';

const directory = mkdtempSync(join(tmpdir(), 'skiff-api-'));
const socket = join(directory, 'api.sock');
const warnings: unknown[] = [];
const engine = openEngine({ root: join(directory, 'root'), self: [], stays: true });
const { listener: server } = httpServer(
  {
    request: (request, response) =>
      void answer(
        {
          engine,
          connections: new Connections(),
          answers: new SharedAnswers(),
          counts: () => {},
          warn: (problem) => void warnings.push(problem),
        },
        request,
        responseWire(request, response),
        'unix',
      ),
    upgrade: (_request, connection) => void connection.destroy(),
  },
  { most: 100 },
);

beforeAll(() => new Promise<void>((resolve) => void server.listen(socket, resolve)));
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  engine.close();
  rmSync(directory, { recursive: true });
});

interface Said {
  status: number | undefined;
  text: string;
}

function ask(method: string, path: string, body?: string | Buffer, headers = {}): Promise<Said> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ socketPath: socket, method, path, headers, agent: false });
    sent.on('error', reject);
    sent.on('response', async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() });
    });
    sent.end(body);
  });
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const LONG = 4 << 20;
const PLATFORM = encodeURIComponent('{"os":"linux","architecture":"arm64"}');

describe('a request', () => {
  it.each<[string, string, string]>([
    ['GET', '/_ping', 'OK'],
    ['GET', '/v1.24/_ping', 'OK'],
    ['GET', '/_ping/', 'OK'],
    ['GET', '/_ping?x=%zz&&=', 'OK'],
    ['GET', 'http://docker/v1.51/_ping', 'OK'],
    ['GET', '/v1.30/plugins?filters=null', '[]\n'],
  ])('%s %s is answered', async (method, path, text) => {
    expect(await ask(method, path)).toEqual({ status: 200, text });
  });

  it('is answered as its version has it', async () => {
    const shown = async (version: string) => JSON.parse((await ask('GET', `${version}/networks/none`)).text);
    expect(await shown('/v1.47')).toEqual(expect.not.objectContaining({ EnableIPv4: true }));
    for (const version of ['/v1.48', '']) expect(await shown(version)).toMatchObject({ EnableIPv4: true });
  });

  it.each<[string, string, number, string]>([
    ['GET', '/', 404, 'page not found: /'],
    ['GET', '/nothing', 404, 'page not found: /nothing'],
    ['PUT', '/_ping', 404, 'page not found: /_ping for PUT, but for GET, HEAD'],
    ['GET', '//_ping', 404, 'page not found: //_ping'],
    ['GET', '/containers//json', 404, 'page not found: /containers//json'],
    ['GET', '/v1.99/_ping', 400, 'too new'],
    ['GET', '/v1.2.3/_ping', 400, 'no version'],
    ['GET', '/containers/json?filters=%7B', 400, 'is no JSON'],
    ['GET', '/networks/x?scope=swarm', 501, 'all networks are of this host'],
    ['GET', `/v1.49/images/x/json?manifests=1&platform=${PLATFORM}`, 400, 'conflicting options'],
    ['GET', `/v1.48/images/x/json?manifests=1&platform=${PLATFORM}`, 404, 'No such image'],
    ['GET', '/v1.42/system/df?type=other', 400, 'unknown object type: other'],
    ['GET', '/swarm', 503, 'there is no swarm'],
    ['GET', '/v1.41/services/web/logs?follow=1', 503, 'GET /v1.41/services/web/logs: there is no swarm'],
    ['DELETE', '/plugins/a/b', 404, 'there are no plugins'],
  ])('%s %s is answered with an error that says what is wrong', async (method, path, status, message) => {
    const said = await ask(method, path);
    expect([said.status, JSON.parse(said.text)]).toEqual([
      status,
      { message: expect.stringContaining(message) },
    ]);
  });

  it.each<[string, string | Buffer, string]>([
    ['none', '', 'the body is not an object'],
    ['no JSON', '{"Image":', 'the body is no JSON'],
    ['more than JSON', '{} {}', 'the body is no JSON'],
    ['no text', Buffer.from([0xff, 0, 0xfe]), 'the body is no JSON'],
    ['null', 'null', 'the body is not an object'],
    ['a list', '[]', 'the body is not an object'],
    ['a member of another type', '{"HostConfig":[]}', 'HostConfig is not an object'],
    ['deep', '['.repeat(100_000) + ']'.repeat(100_000), 'the body is not an object'],
    ['deep and without end', '{"a":'.repeat(100_000), 'the body is no JSON'],
    ['too long', Buffer.alloc(LONG + 1, ' '), `the body is longer than ${LONG} bytes`],
    ['much too long', Buffer.alloc(2 * LONG, 'x'), `the body is longer than ${LONG} bytes`],
  ])('whose body is %s is refused, and the answer arrives', async (_what, body, message) => {
    const { status, text } = await ask('POST', '/containers/create', body, JSON_TYPE);
    expect([status, JSON.parse(text)]).toEqual([400, { message: expect.stringContaining(message) }]);
  });

  it('to start a container is refused with a HostConfig, which nobody would heed, and not with {}', async () => {
    const { status, text } = await ask('POST', '/containers/x/start', '{"Binds":["/:/host"]}', JSON_TYPE);
    expect([status, JSON.parse(text)]).toEqual([
      400,
      { message: expect.stringContaining('non-empty request body') },
    ]);
    for (const body of ['', '{}', 'null'])
      expect((await ask('POST', '/containers/x/start', body, JSON_TYPE)).status).toBe(404);
  });

  it.each(['application/x-www-form-urlencoded', 'text/plain', 'application/jsonp', undefined])(
    'whose body is said to be %s is refused: pages of browsers send that',
    async (type) => {
      const headers = type === undefined ? {} : { 'Content-Type': type };
      const { status, text } = await ask('POST', '/containers/create', '{"Image":"x"}', headers);
      expect([status, JSON.parse(text)]).toEqual([
        400,
        { message: `Content-Type specified (${type ?? ''}) must be 'application/json'` },
      ]);
    },
  );

  it('on a connection whose last one had a body that was too long is answered', async () => {
    const connection = connect(socket);
    const length = LONG + 100;
    connection.write(`POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: ${length}\r\n\r\n`);
    connection.write(Buffer.alloc(length, ' '));
    connection.write('GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n');
    const chunks: Buffer[] = [];
    for await (const chunk of connection) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    expect(text.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200']);
  });

  it('is never the cause of a failure that nobody knows of', () => {
    expect(warnings).toEqual([]);
  });
});
