import type { Duplex } from 'node:stream';
import { Message, ReadMessage } from '../../src/api/buildkit/protobuf.ts';
import { GrpcConnection } from '../../src/api/http/grpc.ts';
import { answerCalls, type ServerCall } from '../../src/api/http/grpc-server.ts';
import type { Connection } from '../../src/api/http/wire.ts';
import type { Service } from './service.ts';

const CONTROL = '/moby.buildkit.v1.Control';
const BRIDGE = '/moby.buildkit.v1.frontend.LLBBridge';

/** The kinds of fsutil's packets. */
const [STAT, REQUEST, DATA, FIN] = [0, 1, 2, 3];

/** What a client has for a build. */
export interface ClientBuild {
  /** In the directory that is both the context and that of the Dockerfile. */
  files: Readonly<Record<string, string>>;
  /** Of the frontend. */
  attributes?: Readonly<Record<string, string>>;
  name: string;
  /** When it aborts the client is gone, as one that was killed: its connections are. */
  killed?: AbortSignal;
}

/** How it went. */
export interface ClientResult {
  /** SolveResponse. */
  response: Map<string, string>;
  /** What steps have written. */
  output: string;
  /** The names of all that was done to its end. */
  done: string[];
}

/** Builds as buildx does: with a session, by a frontend that the client asks for itself. Rejects with a `GrpcFailure`. */
export async function buildByBuildKit(service: Service, build: ClientBuild): Promise<ClientResult> {
  const id = `session-${Math.random()}`;
  const headers = { Upgrade: 'h2c', 'X-Docker-Expose-Session-Uuid': id };
  const asked = await service.hijack('/session', { headers });
  const asking = await service.hijack('/grpc', { headers: { Upgrade: 'h2c' } });
  build.killed?.addEventListener('abort', () => {
    for (const socket of [asked, asking]) socket.destroy();
  });
  const session = connectionOf(asked);
  void answerCalls(session, new Map([['/moby.filesync.v1.FileSync/DiffCopy', sender(build.files)]]), 'no');
  const control = new GrpcConnection(connectionOf(asking));
  try {
    const ref = `build-${Math.random()}`;
    const status = told(control, ref);
    const exporter = new Message().text(1, 'moby').map(2, { name: build.name });
    const solving = ask(
      control,
      `${CONTROL}/Solve`,
      new Message().text(1, ref).text(5, id).message(13, exporter),
    );
    // What fails first is told by whichever call hears of it.
    for (const each of [status, solving]) each.catch(() => {});
    const bridge = { 'buildkit-controlapi-buildid': ref };
    await ask(control, `${BRIDGE}/Ping`, new Message(), bridge);
    const frontend = new Message()
      .text(2, 'dockerfile.v0')
      .map(3, build.attributes ?? {})
      .number(6, true);
    const solved = await ask(control, `${BRIDGE}/Solve`, frontend, bridge);
    const [result] = solved.messages(3);
    const wanted = new Message().text(1, result?.messages(3)[0]?.text(1));
    await ask(
      control,
      `${BRIDGE}/Return`,
      new Message().message(1, new Message().message(3, wanted)),
      bridge,
    );
    const response = (await solving).map(1);
    return { response, ...(await status) };
  } finally {
    control.close();
    session.end();
  }
}

function connectionOf(socket: Duplex): Connection {
  const write = (bytes: Uint8Array) => new Promise<void>((done) => socket.write(bytes, () => done()));
  return { input: socket, write, end: () => void socket.end() };
}

async function ask(
  connection: GrpcConnection,
  method: string,
  request: Message,
  metadata: Record<string, string> = {},
): Promise<ReadMessage> {
  const call = connection.call(method, metadata);
  await call.send(request.encoded());
  call.end();
  let answer = new ReadMessage(new Uint8Array());
  for await (const message of call.messages()) answer = new ReadMessage(message);
  return answer;
}

async function told(connection: GrpcConnection, ref: string): Promise<Omit<ClientResult, 'response'>> {
  const call = connection.call(`${CONTROL}/Status`);
  await call.send(new Message().text(1, ref).encoded());
  call.end();
  const result = { output: '', done: [] as string[] };
  for await (const bytes of call.messages()) {
    const response = new ReadMessage(bytes);
    for (const vertex of response.messages(1))
      if (vertex.bytes(6) !== undefined) result.done.push(vertex.text(3));
    for (const log of response.messages(3)) result.output += log.text(4);
  }
  return result;
}

/** A client's side of fsutil: what the metadata asks for of some files, then the content of each that is requested. */
function sender(files: Readonly<Record<string, string>>) {
  return async (call: ServerCall): Promise<undefined> => {
    const followed = String(call.metadata['followpaths'] ?? '');
    const names = Object.keys(files).sort();
    const offered = followed === '' ? names : names.filter((name) => followed.split(/, ?/).includes(name));
    const packet = (kind: number) => new Message().number(1, kind);
    for (const name of offered) {
      const stat = new Message()
        .text(1, name)
        .number(2, 0o644)
        .number(5, Buffer.byteLength(files[name] ?? ''));
      await call.send(packet(STAT).message(2, stat).encoded());
    }
    await call.send(packet(STAT).encoded());
    for await (const bytes of call.messages()) {
      const request = new ReadMessage(bytes);
      if (Number(request.number(1)) === FIN) break;
      if (Number(request.number(1)) !== REQUEST) throw new Error(`packet ${request.number(1)}`);
      const id = Number(request.number(3));
      await call.send(
        packet(DATA)
          .number(3, id)
          .text(4, files[offered[id] ?? ''])
          .encoded(),
      );
      await call.send(packet(DATA).number(3, id).encoded());
    }
    await call.send(packet(FIN).encoded());
    return undefined;
  };
}
