import type { BuildOptions } from '../../engine/build/options.ts';
import { GZIP } from '../../engine/images/compressed-layer.ts';
import { EngineError } from '../../errors.ts';
import type { ReadMessage } from './protobuf.ts';

/** What a client wants of what is built. */
export interface WantedResult {
  /** Of the image. */
  names: string[];
  outputs: NonNullable<BuildOptions['outputs']>;
  /** Whether the image is to be pushed under its names. */
  isPushed: boolean;
}

/** Of the exporters of images those attributes that mean what is done anyway. */
const HARMLESS = new Set([
  'name',
  'push',
  'unpack',
  'store',
  'oci-mediatypes',
  'dangling-name-prefix',
  'load',
]);

/** The exporters that keep an image where it is built: `moby` is Docker's own. */
const IMAGE = new Set(['moby', 'image']);

/** Reads the exporters of a SolveRequest. Throws `unsupported` for those that are not here. */
export function wantedResult(exporters: readonly ReadMessage[]): WantedResult {
  const names = new Set<string>();
  let [isPushed, isKept] = [false, false];
  for (const exporter of exporters) {
    const [type, attributes] = [exporter.text(1), exporter.map(2)];
    if (!IMAGE.has(type))
      throw new EngineError('unsupported', `the client cannot get the result as ${type}`, {
        subject: type,
        hint: 'it becomes an image of this store; skiff build -o writes files',
      });
    for (const [name, value] of attributes) {
      if (HARMLESS.has(name)) continue;
      throw new EngineError('unsupported', `images are not made with ${name}=${value} here`, {
        subject: name,
      });
    }
    isKept = true;
    isPushed ||= attributes.get('push') === 'true';
    for (const name of (attributes.get('name') ?? '').split(',')) if (name !== '') names.add(name);
  }
  const image = { kind: 'image', form: isPushed ? { compression: GZIP } : {} } as const;
  return { names: [...names], outputs: isKept ? [image] : [], isPushed };
}
