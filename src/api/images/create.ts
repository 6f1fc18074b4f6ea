import { EngineError } from '../../errors.ts';
import { parsePlatform } from '../../image/platform.ts';
import { formatReference, parseReference } from '../../image/reference.ts';
import type { Platform } from '../../oci/platform.ts';
import type { Call } from '../http/call.ts';
import { registryAuth } from '../http/registry-auth.ts';
import { wordsOf } from '../http/words.ts';
import { isOfOne, named } from './named.ts';
import { Progress } from './progress.ts';

/** ImageCreate: pulls what `fromImage` names, or imports what `fromSrc` says, `-` for the body. */
export async function createImage(call: Call): Promise<void> {
  const { query } = call;
  const [image, source] = [query.text('fromImage'), query.text('fromSrc')];
  if (image !== undefined) await pull(call, image.replace(/:$/, ''));
  else if (source !== undefined) await importImage(call, source);
  else throw new EngineError('invalid', 'neither fromImage nor fromSrc says what to create');
}

/** Where no tag is said, neither here nor in the name, all tags of the repository are meant. */
async function pull(call: Call, image: string): Promise<void> {
  const { engine, query, request, reply, signal } = call;
  const name = named(image, query.text('tag'));
  const platform = platformText(query.text('platform'));
  const credentials = registryAuth(request);
  const progress = new Progress(reply);
  const pullOne = async (each: string) => {
    const { existing, ...heard } = progress.ofPull();
    const options = { platform, credentials, progress: heard, signal };
    const { digest, changed } = await engine.images.pull(each, options);
    if (changed) existing();
    progress.say(`Digest: ${digest}`);
    return changed;
  };
  await progress.during(async () => {
    const changed = isOfOne(name) ? await pullNamed() : await pullAll();
    const what = changed ? 'Downloaded newer image' : 'Image is up to date';
    progress.say(`Status: ${what} for ${name}`);
  });

  /** What cannot be pulled has a status: nothing is said before the registry has it. */
  async function pullNamed(): Promise<boolean> {
    const reference = parseReference(name);
    const { path, tag, digest } = reference;
    const id = digest === undefined ? tag : formatReference(reference);
    progress.preface({ status: `Pulling from ${path}`, id });
    return await pullOne(name);
  }

  /** One after another, as their layers are often the same; what is no image is passed over. */
  async function pullAll(): Promise<boolean> {
    const { path, tags } = await engine.images.remoteTags(image, { credentials, signal });
    let changed = false;
    for (const { tag: each, name: one } of tags) {
      progress.line({ status: `Pulling from ${path}`, id: each });
      try {
        changed = (await pullOne(one)) || changed;
      } catch (error) {
        if (!(error instanceof EngineError) || error.kind !== 'unsupported') throw error;
        progress.say(wordsOf(error));
      }
    }
    return changed;
  }
}

function platformText(text: string | undefined): Platform | undefined {
  return text === undefined ? undefined : parsePlatform(text);
}

async function importImage({ engine, query, request, reply, signal }: Call, source: string): Promise<void> {
  const repo = query.text('repo');
  const name = repo === undefined ? undefined : named(repo, query.text('tag'));
  const platform = platformText(query.text('platform'));
  const progress = new Progress(reply);
  await progress.during(async () => {
    const id = await engine.images.importFrom(await archiveOf(), {
      from: source,
      name,
      message: query.text('message'),
      changes: query.list('changes'),
      platform,
      signal,
    });
    progress.say(id);
  });

  async function archiveOf(): Promise<AsyncIterable<Uint8Array>> {
    if (source === '-') return request as AsyncIterable<Uint8Array>;
    const url = urlOf(source);
    const { size, bytes } = await engine.images.fetch(url, signal);
    progress.say(`Downloading from ${url}`);
    return progress.ofImport(bytes, size);
  }
}

/** As with Docker it is `http:` where none is said. */
function urlOf(source: string): URL {
  const url = URL.parse(source.includes('://') ? source : `http://${source}`);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new EngineError('invalid', `"${source}" is no URL`, {
    subject: source,
    hint: 'fromSrc is a URL, or - for the body',
  });
}
