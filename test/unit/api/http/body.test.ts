import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { jsonBody } from '../../../../src/api/http/body.ts';

/** A request of which the body is written by the test. */
function request(length: Record<string, string> = { 'transfer-encoding': 'chunked' }) {
  const body = new PassThrough();
  const headers = { 'content-type': 'application/json; charset=utf-8', ...length };
  return { body, request: Object.assign(body, { headers }) as unknown as IncomingMessage };
}

describe('the body of a request', () => {
  it('is JSON, in however many pieces it comes', async () => {
    const { body, request: asked } = request();
    const read = jsonBody(asked);
    for (const piece of ['{"a"', ':[1,', '2]}']) body.write(piece);
    body.end();
    expect(await read).toEqual({ a: [1, 2] });
  });

  it('is nothing when none is announced, or none comes', async () => {
    expect(await jsonBody(request({}).request)).toBeUndefined();
    expect(await jsonBody(request({ 'content-length': '0' }).request)).toBeUndefined();
    const { body, request: asked } = request();
    body.end();
    expect(await jsonBody(asked)).toBeUndefined();
  });

  it('is not waited for any longer when no more of it comes', async () => {
    const { body, request: asked } = request();
    body.write('{"a":');
    await expect(jsonBody(asked, 20)).rejects.toMatchObject({
      kind: 'invalid',
      message: 'no more of the body came for 20 ms',
    });
  });

  it('that breaks off, is none, or is too long is refused', async () => {
    const cut = request();
    const read = jsonBody(cut.request);
    cut.body.write('{');
    cut.body.destroy();
    await expect(read).rejects.toMatchObject({ kind: 'invalid' });
    const nonsense = request();
    nonsense.body.end('{');
    await expect(jsonBody(nonsense.request)).rejects.toMatchObject({
      message: expect.stringContaining('no JSON'),
    });
    const long = request();
    const whole = jsonBody(long.request);
    long.body.end(Buffer.alloc((4 << 20) + 1, ' '));
    await expect(whole).rejects.toMatchObject({ message: expect.stringContaining('longer than') });
  });
});
