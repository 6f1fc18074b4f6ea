import type { Reply } from './reply.ts';
import type { Headers } from './wire.ts';

/** Answers with an archive, as fast as it is read. What fails before its first byte can still have a status of its own. */
export async function replyArchive(
  reply: Reply,
  archive: AsyncIterable<Uint8Array>,
  type: string,
  headers: Headers = {},
): Promise<void> {
  let stream: ReturnType<Reply['stream']> | undefined;
  for await (const bytes of archive) {
    stream ??= reply.stream(type, headers);
    await stream.write(bytes);
  }
  (stream ?? reply.stream(type, headers)).end();
}
