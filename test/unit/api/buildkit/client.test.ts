import { describe, expect, it } from 'vitest';
import { clientCredentials, clientSecrets } from '../../../../src/api/buildkit/client.ts';
import { type SyncRequest, syncFiles } from '../../../../src/api/buildkit/file-sync.ts';
import { Message, ReadMessage } from '../../../../src/api/buildkit/protobuf.ts';
import { type Answer, answered, send } from '../../../helpers/answered-grpc.ts';

describe('what a client is asked', () => {
  const registry: Answer = async (method, messages, stream) => {
    if (method !== '/moby.filesync.v1.Auth/Credentials') return 12;
    for await (const asked of messages) {
      const host = new ReadMessage(asked).text(1);
      if (host === 'registry-1.docker.io') send(stream, new Message().text(1, 'me').text(2, 'secret'));
      else if (host === 'token.test') send(stream, new Message().text(2, 'token'));
      else send(stream, new Message().text(1, ''));
    }
    return 0;
  };

  it('is who it is to a registry, and may be nobody', async () => {
    const { find } = clientCredentials(answered(registry));
    const path = 'app';
    expect(await find({ domain: 'docker.io', path })).toEqual({ username: 'me', password: 'secret' });
    expect(await find({ domain: 'token.test', path })).toEqual({ identityToken: 'token' });
    expect(await find({ domain: 'other.test', path })).toBeUndefined();
    const mute = clientCredentials(answered(async () => 12));
    expect(await mute.find({ domain: 'docker.io', path })).toBeUndefined();
  });

  it('are its secrets, of which some are not there', async () => {
    const secrets = clientSecrets(
      answered(async (_method, messages, stream) => {
        for await (const asked of messages) {
          if (new ReadMessage(asked).text(1) !== 'known') return 5;
          send(stream, new Message().text(1, 'hidden'));
        }
        return 0;
      }),
    );
    const ask = async (id: string) => {
      const source = secrets.get(id);
      return source !== undefined && 'ask' in source ? await source.ask() : 'nothing to ask';
    };
    expect(Buffer.from((await ask('known')) ?? '').toString()).toBe('hidden');
    expect(await ask('other')).toBeUndefined();
  });

  it('fails in the words of the client, and when it is gone', async () => {
    const { find } = clientCredentials(answered(async () => 13));
    await expect(find({ domain: 'docker.io', path: 'app' })).rejects.toThrow('not here');
    const closing = answered(async (_method, _messages, stream) => {
      stream.session?.destroy();
      return 0;
    });
    await expect(clientCredentials(closing).find({ domain: 'x.test', path: 'a' })).rejects.toThrow(
      expect.objectContaining({ kind: 'unavailable' }),
    );
  });
});

describe('files of a client', () => {
  const packet = (kind: number) => new Message().number(1, kind);
  const stat = (path: string, mode: number) => new Message().text(1, path).number(2, mode);

  /** A client that has these files, of which the requested ones have this content. */
  const having =
    (files: readonly Message[], content: string): Answer =>
    async (_method, messages, stream) => {
      for (const file of files) send(stream, packet(0).message(2, file));
      send(stream, packet(0).number(3, 0).bytes(9, Buffer.from('x')));
      for await (const bytes of messages) {
        const asked = new ReadMessage(bytes);
        if (asked.number(1) === 3n) break;
        const id = asked.number(3);
        send(stream, packet(2).number(3, id).text(4, content));
        send(stream, packet(2).number(3, id));
      }
      send(stream, packet(3));
      return 0;
    };

  async function synced(
    answer: Answer,
    request: SyncRequest = { directory: 'context' },
    heard: object[] = [],
  ) {
    const all: object[] = [];
    for await (const { file, content } of syncFiles(answered(answer, [], heard), request)) {
      const pieces: Uint8Array[] = [];
      for await (const piece of content) pieces.push(piece);
      const { path, kind, mode, target } = file;
      all.push({ path, kind, mode, target, text: Buffer.concat(pieces).toString() });
    }
    return all;
  }

  it('are of every kind, with their permissions and contents', async () => {
    const files = [
      stat('d', 2 ** 31 + 0o711),
      stat('d/run', 2 ** 23 + 0o755).number(5, 4),
      stat('d/same', 0o755).number(5, 4).text(7, 'd/run'),
      stat('empty', 0o600),
      stat('link', 2 ** 27 + 0o777).text(7, 'd/run'),
      stat('null', 2 ** 26 + 2 ** 21 + 0o666)
        .number(8, 1)
        .number(9, 3),
      stat('pipe', 2 ** 25 + 0o644),
    ];
    expect(await synced(having(files, 'bits'))).toEqual([
      { path: 'd', kind: 'directory', mode: 0o711, target: '', text: '' },
      { path: 'd/run', kind: 'file', mode: 0o4755, target: '', text: 'bits' },
      { path: 'd/same', kind: 'link', mode: 0o755, target: 'd/run', text: '' },
      { path: 'empty', kind: 'file', mode: 0o600, target: '', text: '' },
      { path: 'link', kind: 'symlink', mode: 0o777, target: 'd/run', text: '' },
      { path: 'null', kind: 'character', mode: 0o666, target: '', text: '' },
      { path: 'pipe', kind: 'fifo', mode: 0o644, target: '', text: '' },
    ]);
  });

  it('are refused when they are not what was said of them', async () => {
    await expect(synced(having([stat('file', 0o644).number(5, 9)], 'short'))).rejects.toThrow(
      'file was changed while it was sent',
    );
    const failing: Answer = async (_method, _messages, stream) => {
      send(stream, packet(4).text(4, 'no such directory'));
      return 0;
    };
    await expect(synced(failing)).rejects.toThrow('no such directory');
    await expect(synced(async () => 0)).rejects.toThrow('something else');
  });

  it('are asked for by what the client takes: the directory, and patterns', async () => {
    const heard: object[] = [];
    const request = { directory: 'context', excluded: ['a', '!b'], followed: ['c'] };
    expect(await synced(having([], ''), request, heard)).toEqual([]);
    expect(heard).toEqual([
      expect.objectContaining({
        ':path': '/moby.filesync.v1.FileSync/DiffCopy',
        'dir-name': 'context',
        'exclude-patterns': 'a, !b',
        followpaths: 'c',
        'content-type': 'application/grpc',
        te: 'trailers',
      }),
    ]);
  });
});
