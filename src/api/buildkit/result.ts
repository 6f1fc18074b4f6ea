import type { BuildOptions, BuildOutput } from '../../engine/build/options.ts';
import { GZIP } from '../../engine/images/compressed-layer.ts';
import { EngineError } from '../../errors.ts';
import { booleanField, type OutputFields } from '../../grammar/compression.ts';
import { isFormField, parseImageForm } from '../../grammar/image-form.ts';
import type { GrpcConnection } from '../http/grpc.ts';
import { sendArchive, sendFiles } from './file-send.ts';
import type { ReadMessage } from './protobuf.ts';

/** What a client wants of what is built. */
export interface WantedResult {
  outputs: NonNullable<BuildOptions['outputs']>;
  /** The times of files are to be SOURCE_DATE_EPOCH. */
  rewritesTimes: boolean;
  /** Names of the image under which it is to be pushed. */
  pushed: string[];
}

/** An exporter of a SolveRequest. */
interface Exporter {
  type: string;
  attributes: OutputFields;
  /** By which the client knows where the result goes: its place among all. */
  id: string;
}

/** Attributes besides those of the form of an image, of each type. */
const IMAGE = ['push', 'load', 'dangling-name-prefix'];
const ATTRIBUTES: Record<string, readonly string[]> = {
  // Docker's own name of it.
  moby: IMAGE,
  image: IMAGE,
  docker: ['tar'],
  oci: ['tar'],
  // For what is never there: attestations.
  local: ['attestation-prefix'],
  tar: ['attestation-prefix'],
};
const FILES = ['local', 'tar'];

/**
 * Reads the exporters of a SolveRequest; files go to `session`. Throws `unsupported` for those that are not here, and what they
 * have and skiff has not, `invalid` for values that are none.
 */
export function wantedResult(exporters: readonly ReadMessage[], session: GrpcConnection): WantedResult {
  const wanted: WantedResult = { outputs: [], rewritesTimes: false, pushed: [] };
  const outputs = exporters.map((message, place) => {
    const exporter = {
      type: message.text(1),
      attributes: Object.fromEntries(message.map(2)),
      id: String(place),
    };
    requireKnown(exporter);
    const output = outputOf(exporter, session);
    const is = (name: string) => booleanField(exporter.attributes, name, wrongIn(exporter)) === true;
    wanted.rewritesTimes ||= is('rewrite-timestamp');
    // What Docker's own exporter makes the client pushes itself, by ImagePush.
    if (output.kind === 'image' && exporter.type !== 'moby' && is('push'))
      wanted.pushed.push(...(output.form?.names ?? []));
    return output;
  });
  return { ...wanted, outputs };
}

function outputOf(exporter: Exporter, session: GrpcConnection): BuildOutput {
  const { type, attributes, id } = exporter;
  const wrong = wrongIn(exporter);
  const write = (archive: AsyncIterable<Uint8Array>) => sendArchive(session, id, archive);
  switch (type) {
    case 'local':
      return { kind: 'files', take: (directory) => sendFiles(session, id, directory) };
    case 'tar':
      return { kind: 'tar', write };
    case 'docker':
    case 'oci':
      if (booleanField(attributes, 'tar', wrong) === false)
        throw wrong('a layout is sent as an archive: tar=true');
      if (type === 'oci' && booleanField(attributes, 'oci-mediatypes', wrong) === false)
        throw wrong('a layout of the OCI has its media types');
      return { kind: 'archive', format: type, to: { write }, form: parseImageForm(attributes, wrong) };
    default: {
      const { 'dangling-name-prefix': _, ...fields } = attributes;
      const form = parseImageForm(fields, wrong);
      const isPushed = booleanField(attributes, 'push', wrong) === true;
      return { kind: 'image', form: isPushed ? { compression: GZIP, ...form } : form };
    }
  }
}

function requireKnown({ type, attributes }: Exporter): void {
  const known = Object.hasOwn(ATTRIBUTES, type) ? ATTRIBUTES[type] : undefined;
  if (known === undefined)
    throw new EngineError('unsupported', `the result cannot be had as ${type}`, {
      subject: type,
      hint: 'it is an image, docker, oci, tar or local',
    });
  for (const [name, value] of Object.entries(attributes))
    if (!known.includes(name) && (FILES.includes(type) || !isFormField(name)))
      throw new EngineError(
        'unsupported',
        `a result of type=${type} is not made with ${name}=${value} here`,
        {
          subject: name,
        },
      );
}

function wrongIn({ type }: Exporter): (hint: string) => EngineError {
  // A client of BuildKit shows no hints.
  return (hint) => new EngineError('invalid', `the output type=${type}: ${hint}`, { subject: type });
}
