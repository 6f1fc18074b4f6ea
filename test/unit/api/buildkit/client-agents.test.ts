import { existsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ClientAgents } from '../../../../src/api/buildkit/client-agents.ts';
import { Message, ReadMessage } from '../../../../src/api/buildkit/protobuf.ts';
import { type Answer, answered, send } from '../../../helpers/answered-grpc.ts';

const METHODS = ['/moby.sshforward.v1.SSH/CheckAgent', '/moby.sshforward.v1.SSH/ForwardAgent'];

/** An agent called `known`, which says everything twice, until it hears `end`. */
const lending =
  (heard: string[]): Answer =>
  async (method, messages, stream, headers) => {
    heard.push(method.replace(/.*\//, ''));
    for await (const bytes of messages) {
      const text = new ReadMessage(bytes).text(1);
      if (method.endsWith('/CheckAgent')) {
        if (text !== 'known') return 2;
        send(stream, new Message().text(2, 'there'));
        continue;
      }
      if (text === 'end') break;
      send(stream, new Message().text(1, `${headers['buildkit.ssh.id']}:${text}${text}`));
    }
    return 0;
  };

describe("a client's agents of ssh", () => {
  it('are behind sockets that nobody else gets at, as long as the build runs', async () => {
    const heard: string[] = [];
    const agents = new ClientAgents(answered(lending(heard), METHODS));
    const path = (await agents.get('known')) ?? '';
    expect(await agents.get('known')).toBe(path);
    expect(await agents.get('other')).toBeUndefined();
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    const socket = connect(path);
    socket.write('asked');
    const said: Buffer[] = [];
    for await (const piece of socket as AsyncIterable<Buffer>) {
      said.push(piece);
      if (Buffer.concat(said).toString() === 'known:askedasked') socket.write('end');
    }
    expect(Buffer.concat(said).toString()).toBe('known:askedasked');
    expect(heard).toEqual(['CheckAgent', 'CheckAgent', 'ForwardAgent']);
    agents.close();
    expect(existsSync(dirname(path))).toBe(false);
  });

  it('end with the build for those that are still asking', async () => {
    const agents = new ClientAgents(answered(lending([]), METHODS));
    const socket = connect((await agents.get('known')) ?? '');
    socket.write('asked');
    for await (const _ of socket) agents.close();
    expect(socket.destroyed).toBe(true);
  });

  it('are not asked for when the client lends none', async () => {
    const heard: string[] = [];
    const agents = new ClientAgents(answered(lending(heard)));
    expect(await agents.get('default')).toBeUndefined();
    agents.close();
    expect(heard).toEqual([]);
  });
});
