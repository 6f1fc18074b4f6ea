import { describe, expect, it } from 'vitest';
import { dockerfileAlone } from '../../../../src/api/buildkit/build-files.ts';
import { wantedBuild } from '../../../../src/api/buildkit/frontend.ts';
import { Message, ReadMessage } from '../../../../src/api/buildkit/protobuf.ts';
import { answerSubrequest, subrequestOf } from '../../../../src/api/buildkit/subrequests.ts';
import type { GrpcConnection } from '../../../../src/api/http/grpc.ts';
import { Meetings } from '../../../../src/api/http/meetings.ts';
import type { Engine } from '../../../../src/engine/engine.ts';
import { type Answer, answered, send } from '../../../helpers/answered-grpc.ts';

/** A client with these files in each of its directories, of which it sends the ones that are asked for by their names. */
const having =
  (texts: Readonly<Record<string, string>>, heard: string[]): Answer =>
  async (_method, messages, stream, headers) => {
    const { 'dir-name': directory, followpaths } = headers;
    heard.push(`${directory}`, `${followpaths}`);
    const names = Object.keys(texts);
    for (const name of names) {
      const size = texts[name]?.length;
      send(stream, new Message().message(2, new Message().text(1, name).number(2, 0o644).number(5, size)));
    }
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
          .text(4, texts[names[id] ?? '']),
      );
      send(stream, new Message().number(1, 2).number(3, id));
    }
    send(stream, new Message().number(1, 3));
    return 0;
  };

const request = (attributes: Record<string, string>) => ({
  frontend: 'dockerfile.v0',
  attributes: new Map(Object.entries(attributes)),
  cacheImports: [],
});

describe('what a frontend is asked besides builds', () => {
  const around = () => ({
    // What is asked for here needs none.
    engine: {} as Engine,
    sessions: new Meetings<GrpcConnection>(),
    session: answered(having({ Dockerfile: 'FROM scratch\n' }, [])),
    signal: new AbortController().signal,
  });

  it('is said by an attribute', () => {
    expect(subrequestOf(request({ requestid: 'frontend.lint' }))).toBe('frontend.lint');
    expect(subrequestOf(request({ requestid: '' }))).toBeUndefined();
    expect(subrequestOf(request({}))).toBeUndefined();
  });

  it('can be what there is', async () => {
    const answer = await answerSubrequest(around(), request({ requestid: 'frontend.subrequests.describe' }));
    expect(answer.version).toBe('1.0.0');
    const names = (JSON.parse(answer['result.json'] ?? '') as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual([
      'frontend.outline',
      'frontend.targets',
      'frontend.lint',
      'frontend.subrequests.describe',
    ]);
  });

  it('is refused when there is no such thing', async () => {
    for (const requestid of ['frontend.other', 'toString'])
      await expect(answerSubrequest(around(), request({ requestid }))).rejects.toThrow(
        expect.objectContaining({ kind: 'unsupported', subject: requestid }),
      );
  });
});

describe('a Dockerfile alone', () => {
  it('comes with what says which files are ignored, and nothing else of the context', async () => {
    const heard: string[] = [];
    const session = answered(having({ D: 'FROM scratch\n', '.dockerignore': 'node_modules\n' }, heard));
    const wanted = wantedBuild(request({ filename: 'D' }));
    const { source, file } = await dockerfileAlone({ session, sessions: new Meetings() }, wanted);
    expect(file).toBe('D');
    const pieces: Uint8Array[] = [];
    if (source.kind === 'stream') for await (const piece of source.bytes) pieces.push(piece);
    const archive = Buffer.concat(pieces).toString();
    expect(archive).toContain('FROM scratch\n');
    expect(archive).toContain('node_modules\n');
    expect(heard).toEqual(['dockerfile', 'D, D.dockerignore', 'context', '.dockerignore']);
  });
});
