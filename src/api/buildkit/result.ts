import type { BuildOptions, BuildOutput } from '../../engine/build/options.ts';
import { GZIP } from '../../engine/images/compressed-layer.ts';
import { EngineError } from '../../errors.ts';
import type { GrpcConnection } from '../http/grpc.ts';
import { sendArchive, sendFiles } from './file-send.ts';
import type { ReadMessage } from './protobuf.ts';

/** What a client wants of what is built. */
export interface WantedResult {
  /** Of the image. */
  names: string[];
  outputs: NonNullable<BuildOptions['outputs']>;
  /** Whether the image is to be pushed under its names. */
  isPushed: boolean;
}

/** An exporter of a SolveRequest. */
interface Exporter {
  type: string;
  attributes: ReadonlyMap<string, string>;
  /** By which the client knows where the result goes. */
  id: string;
}

/** Attributes that mean what is done anyway. */
const HARMLESS = new Set([
  'name',
  'push',
  'load',
  'unpack',
  'store',
  'oci-mediatypes',
  'dangling-name-prefix',
]);

/** Reads the exporters of a SolveRequest; files go to `session`. Throws `unsupported` for those that are not here. */
export function wantedResult(exporters: readonly ReadMessage[], session: GrpcConnection): WantedResult {
  const names = new Set<string>();
  const outputs: BuildOutput[] = [];
  let isPushed = false;
  for (const message of exporters) {
    const exporter = { type: message.text(1), attributes: message.map(2), id: message.text(3) };
    requireKnown(exporter);
    const { attributes } = exporter;
    isPushed ||= attributes.get('push') === 'true';
    for (const name of (attributes.get('name') ?? '').split(',')) if (name !== '') names.add(name);
    outputs.push(outputOf(exporter, session));
  }
  return { names: [...names], outputs, isPushed };
}

function outputOf({ type, attributes, id }: Exporter, session: GrpcConnection): BuildOutput {
  const write = (archive: AsyncIterable<Uint8Array>) => sendArchive(session, id, archive);
  switch (type) {
    // Docker's own name of it.
    case 'moby':
    case 'image':
      return { kind: 'image', form: attributes.get('push') === 'true' ? { compression: GZIP } : {} };
    case 'local':
      return { kind: 'files', take: (directory) => sendFiles(session, id, directory) };
    case 'tar':
      return { kind: 'tar', write };
    case 'docker':
    case 'oci':
      return { kind: 'archive', format: type, to: { write } };
    default:
      throw new EngineError('unsupported', `the result cannot be had as ${type}`, {
        subject: type,
        hint: 'it is an image, docker, oci, tar or local',
      });
  }
}

function requireKnown({ attributes }: Exporter): void {
  for (const [name, value] of attributes)
    if (!HARMLESS.has(name))
      throw new EngineError('unsupported', `results are not made with ${name}=${value} here`, {
        subject: name,
      });
}
