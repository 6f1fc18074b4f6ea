import { digestOf } from '../../oci/digest.ts';
import { blobsOfManifest } from '../../oci/manifest.ts';
import type { Context } from '../store/context.ts';
import { familiarName } from '../store/images.ts';
import {
  allIndexes,
  entriesOfIndex,
  type IndexEntryRow,
  type IndexRow,
  markIncomplete,
  namesOfIndex,
} from '../store/indexes.ts';
import { dropBlob, stateOfBlob } from './blobs.ts';
import { textFaults } from './documents.ts';
import { type Fault, UNREADABLE, wrong } from './fault.ts';

/** Indexes that are kept whole, with what is in them. Call it in a transaction. */
export function indexFaults(context: Context, damaged: ReadonlySet<string>): Fault[] {
  return allIndexes(context.database).flatMap((index) => {
    const [canonical] = namesOfIndex(context.database, index.digest);
    const name = canonical === undefined ? index.digest : familiarName(canonical);
    if (!isAsSaid(context, index))
      return [wrong(name, UNREADABLE, { remedy: `skiff rmi ${name}, and pull or load it again` })];
    const what = `its index ${index.digest}`;
    return [
      ...textFaults(context, damaged, { name, digest: index.digest, text: index.body, what }),
      ...entriesOfIndex(context.database, index.digest).flatMap((entry) =>
        entryFaults({ context, damaged, name, index }, entry),
      ),
      ...(index.isWhole ? [] : [incomplete(name)]),
    ];
  });
}

function incomplete(name: string): Fault {
  const detail = 'its index is not whole any more: the image runs, but the index cannot be saved or pushed';
  return { topic: 'image', name, state: 'limited', detail, remedy: `skiff pull --all-platforms ${name}` };
}

interface Looked {
  context: Context;
  damaged: ReadonlySet<string>;
  name: string;
  index: IndexRow;
}

/** Whether the texts in the rows are those that the digests are of. */
function isAsSaid({ database }: Context, { digest, body }: IndexRow): boolean {
  return (
    digestOf(body) === digest &&
    entriesOfIndex(database, digest).every(
      (entry) => entry.kind === 'index' || digestOf(entry.body ?? '') === entry.digest,
    )
  );
}

function entryFaults(looked: Looked, entry: IndexEntryRow): Fault[] {
  const { context, damaged, name, index } = looked;
  const { digest, body, config } = entry;
  // Another index is looked at by itself.
  if (body === undefined) return [];
  const configDigest = config === undefined ? undefined : digestOf(config);
  const documents = [
    { digest, text: body, what: `the manifest ${digest} in its index` },
    ...(config === undefined || configDigest === undefined
      ? []
      : [{ digest: configDigest, text: config, what: `the config ${configDigest} in its index` }]),
  ];
  const others = blobsOfManifest(Buffer.from(body)).filter((blob) => blob.digest !== configDigest);
  return [
    ...documents.flatMap((document) => textFaults(context, damaged, { name, ...document })),
    ...others.flatMap((blob): Fault[] => {
      const state = stateOfBlob(context, blob, damaged);
      if (state === 'there' || (state === 'missing' && !index.isWhole)) return [];
      const mend = async () => {
        markIncomplete(context.database, index.digest);
        await dropBlob(context, blob.digest);
      };
      const detail = `the blob ${blob.digest} in its index is ${state}`;
      return [wrong(name, detail, { mend })];
    }),
  ];
}
