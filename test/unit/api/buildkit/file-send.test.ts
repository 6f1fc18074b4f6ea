import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { sendArchive, sendFiles } from '../../../../src/api/buildkit/file-send.ts';
import { Message, ReadMessage } from '../../../../src/api/buildkit/protobuf.ts';
import { wantedResult } from '../../../../src/api/buildkit/result.ts';
import { GrpcConnection } from '../../../../src/api/http/grpc.ts';
import { answerCalls, type ServerCall } from '../../../../src/api/http/grpc-server.ts';
import type { Connection } from '../../../../src/api/http/wire.ts';

const scratch = mkdtempSync(join(tmpdir(), 'skiff-send-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const opened: GrpcConnection[] = [];
afterEach(() => {
  for (const connection of opened.splice(0)) connection.close();
});

/** A client that takes what it is sent by `take`. */
function taking(take: (call: ServerCall) => Promise<undefined>): GrpcConnection {
  const [ours, theirs] = duplexPair().map((side): Connection => {
    const write = (bytes: Uint8Array) => new Promise<void>((done) => side.write(bytes, () => done()));
    return { input: side, write, end: () => void side.end() };
  });
  if (ours === undefined || theirs === undefined) throw new Error('a pair');
  void answerCalls(theirs, new Map([['/moby.filesync.v1.FileSend/DiffCopy', take]]), 'no');
  const connection = new GrpcConnection(ours);
  opened.push(connection);
  return connection;
}

interface Taken {
  path: string;
  mode: string;
  size: number;
  target: string;
  text: string;
}

/** Takes a tree as fsutil's receiver does: all stats first, then the contents that it asks for, of the last file first. */
function receiver(taken: Taken[]) {
  return async (call: ServerCall): Promise<undefined> => {
    const messages = call.messages();
    const next = async () => new ReadMessage((await messages.next()).value ?? new Uint8Array());
    for (;;) {
      const [stat] = (await next()).messages(2);
      if (stat === undefined) break;
      const mode = Number(BigInt.asUintN(32, stat.number(2))).toString(8);
      taken.push({ path: stat.text(1), mode, size: Number(stat.number(5)), target: stat.text(7), text: '' });
    }
    for (const [id, file] of [...taken.entries()].reverse()) {
      if (file.size === 0) continue;
      await call.send(new Message().number(1, 1).number(3, id).encoded());
      for (;;) {
        const bytes = (await next()).bytes(4);
        if (bytes === undefined) break;
        file.text += Buffer.from(bytes).toString();
      }
    }
    await call.send(new Message().number(1, 3).encoded());
    expect((await next()).number(1)).toBe(3n);
    // It waits for the end of the other side.
    expect((await messages.next()).done).toBe(true);
    return undefined;
  };
}

describe('files for a client', () => {
  it('are sent in the order of their paths, with what is in them when that is asked for', async () => {
    const tree = join(scratch, 'tree');
    mkdirSync(join(tree, 'd'), { recursive: true });
    chmodSync(join(tree, 'd'), 0o1711);
    writeFileSync(join(tree, 'd', 'run'), 'bits');
    chmodSync(join(tree, 'd', 'run'), 0o4755);
    // Each to the first of them: clients know of no link to a link.
    for (const name of ['same', 'same-too']) linkSync(join(tree, 'd', 'run'), join(tree, name));
    writeFileSync(join(tree, 'd-x'), 'x'.repeat(100_000), { mode: 0o600 });
    symlinkSync('/nowhere', join(tree, 'link'));
    writeFileSync(join(tree, 'empty'), '', { mode: 0o644 });
    execFileSync('mkfifo', ['-m', '644', join(tree, 'pipe')]);
    const taken: Taken[] = [];
    await sendFiles(taking(receiver(taken)), '0', tree);
    const octal = (bit: number, mode: number) => (2 ** bit + mode).toString(8);
    expect(taken).toEqual([
      { path: 'd', mode: (2 ** 31 + 2 ** 20 + 0o711).toString(8), size: 0, target: '', text: '' },
      { path: 'd/run', mode: octal(23, 0o755), size: 4, target: '', text: 'bits' },
      { path: 'd-x', mode: '600', size: 100_000, target: '', text: 'x'.repeat(100_000) },
      { path: 'empty', mode: '644', size: 0, target: '', text: '' },
      { path: 'link', mode: octal(27, 0o777), size: 0, target: '/nowhere', text: '' },
      { path: 'pipe', mode: octal(25, 0o644), size: 0, target: '', text: '' },
      { path: 'same', mode: octal(23, 0o755), size: 0, target: 'd/run', text: '' },
      { path: 'same-too', mode: octal(23, 0o755), size: 0, target: 'd/run', text: '' },
    ]);
  });

  it('are given up when the client cannot write them, or asks for what is not there', async () => {
    const tree = join(scratch, 'small');
    mkdirSync(tree);
    const answering = (packet: Message) =>
      taking(async (call) => {
        await call.send(packet.encoded());
        for await (const _ of call.messages());
        return undefined;
      });
    const failed = sendFiles(answering(new Message().number(1, 4).text(4, 'disk full')), '0', tree);
    await expect(failed).rejects.toThrow('the client cannot write the result: disk full');
    const wrong = sendFiles(answering(new Message().number(1, 1).number(3, 7)), '0', tree);
    await expect(wrong).rejects.toThrow('a file that there is not: 7');
  });

  it('have names in UTF-8', async () => {
    const tree = join(scratch, 'raw');
    mkdirSync(tree);
    writeFileSync(Buffer.concat([Buffer.from(`${tree}/a`), Buffer.from([0xff])]), '');
    await expect(sendFiles(taking(receiver([])), '0', tree)).rejects.toThrow('names that are not UTF-8: a');
  });

  it('may be one archive, for the exporter that is named', async () => {
    let text = '';
    let exporter: unknown;
    const session = taking(async (call) => {
      exporter = call.metadata['buildkit-attachable-exporter-id'];
      for await (const message of call.messages())
        text += Buffer.from(new ReadMessage(message).bytes(1) ?? []).toString();
      return undefined;
    });
    await sendArchive(
      session,
      '3',
      (async function* () {
        yield Buffer.from('a'.repeat(70_000));
        yield Buffer.from('end');
      })(),
    );
    expect([text.length, text.slice(-4), exporter]).toEqual([70_003, 'aend', '3']);
  });

  it('are for the exporter that wants them, of several', async () => {
    let exporter: unknown;
    const session = taking(async (call) => {
      exporter = call.metadata['buildkit-attachable-exporter-id'];
      for await (const _ of call.messages());
      return undefined;
    });
    const exporters = ['moby', 'tar'].map((type) => new ReadMessage(new Message().text(1, type).encoded()));
    const output = wantedResult(exporters, session).outputs[1];
    if (output === undefined || !('write' in output)) throw new Error('no archive');
    await output.write((async function* () {})());
    expect(exporter).toBe('1');
  });
});
