import type { OutputChunk } from '../../engine/lifecycle/process-streams.ts';

/** The media types of output: as it is, which is a terminal's, or in frames that say of which stream it is. */
export const RAW_STREAM = 'application/vnd.docker.raw-stream';
export const MULTIPLEXED_STREAM = 'application/vnd.docker.multiplexed-stream';

/** The version of the API (1.42) since which frames have a media type of their own. */
export const MULTIPLEXED_SINCE = 42;

const HEADER = 8;

/** Docker's frame: the stream (1 or 2), three zero bytes, the length in big-endian, the bytes. */
export function frame({ stream, bytes }: OutputChunk): Uint8Array {
  return frameOf(stream === 'stdout' ? 1 : 2, bytes);
}

/** Docker's frame of the daemon's own (stream 3), which clients take for an error. */
export function errorFrame(message: string): Uint8Array {
  return frameOf(3, Buffer.from(message));
}

function frameOf(stream: number, bytes: Uint8Array): Uint8Array {
  const framed = Buffer.allocUnsafe(HEADER + bytes.length);
  framed.writeUInt32BE(stream << 24, 0);
  framed.writeUInt32BE(bytes.length, 4);
  framed.set(bytes, HEADER);
  return framed;
}
