import { describe, expect, it } from 'vitest';
import { buildFiles } from '../../../../src/api/buildkit/build-files.ts';
import { wantedBuild } from '../../../../src/api/buildkit/frontend.ts';
import { Message, ReadMessage } from '../../../../src/api/buildkit/protobuf.ts';
import { Meetings } from '../../../../src/api/http/meetings.ts';
import { answered, send } from '../../../helpers/answered-grpc.ts';

const wanted = (attributes: Record<string, string>) =>
  wantedBuild({
    frontend: 'dockerfile.v0',
    attributes: new Map(Object.entries(attributes)),
    cacheImports: [],
  });

describe('contexts with names', () => {
  it("are directories of the client's, images, and addresses", () => {
    const { contexts } = wanted({
      'context:dir': 'local:d',
      'local-sessionid:d': 'other',
      'context:Image': 'docker-image://busybox:1',
      'context:repo': 'https://example.test/a.git#main',
    });
    expect([...contexts]).toEqual([
      ['dir', { kind: 'client', directory: { name: 'd', session: 'other' } }],
      ['image', { kind: 'image', reference: 'busybox:1' }],
      ['repo', { kind: 'remote', address: 'https://example.test/a.git#main' }],
    ]);
  });

  it('are refused when they are the result of another build, a layout, or for one platform', () => {
    for (const [name, value] of [
      ['one', 'input:one'],
      ['one', 'target:one'],
      ['one', 'oci-layout://one@sha256:00'],
      ['one::linux/arm64', 'local:one'],
    ])
      expect(() => wanted({ [`context:${name}`]: value ?? '' }), value).toThrow(
        expect.objectContaining({ kind: 'unsupported' }),
      );
  });

  it('are asked for when they are read, without what their own ignore file says', async () => {
    const heard: unknown[] = [];
    const files: Readonly<Record<string, string>> = { '.dockerignore': 'out\n#x\n', f: 'text' };
    const session = answered(async (_method, messages, stream, headers) => {
      const { 'dir-name': directory, followpaths, 'exclude-patterns': excluded } = headers;
      heard.push([directory, followpaths, excluded]);
      const names = Object.keys(files);
      for (const name of names)
        send(
          stream,
          new Message().message(
            2,
            new Message().text(1, name).number(2, 0o644).number(5, files[name]?.length),
          ),
        );
      send(stream, new Message().bytes(9, Buffer.from('x')));
      for await (const bytes of messages) {
        const asked = new ReadMessage(bytes);
        if (asked.number(1) === 3n) break;
        const id = Number(asked.number(3));
        send(
          stream,
          new Message()
            .number(1, 2)
            .number(3, id)
            .text(4, files[names[id] ?? '']),
        );
        send(stream, new Message().number(1, 2).number(3, id));
      }
      send(stream, new Message().number(1, 3));
      return 0;
    });
    const remote = { context: 'https://example.test/a.git', 'context:o': 'local:dir' };
    const { contexts } = await buildFiles({ session, sessions: new Meetings() }, wanted(remote));
    const named = contexts?.get('o');
    expect(heard).toEqual([]);
    const pieces: Uint8Array[] = [];
    if (named?.kind === 'stream') for await (const piece of named.bytes) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toContain('text');
    expect(heard).toEqual([
      ['dir', '.dockerignore', undefined],
      ['dir', undefined, 'out'],
    ]);
  });
});
