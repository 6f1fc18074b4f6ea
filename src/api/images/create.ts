import { EngineError } from '../../errors.ts';
import { parsePlatform } from '../../image/platform.ts';
import { parseReference } from '../../image/reference.ts';
import type { Platform } from '../../oci/platform.ts';
import type { Call } from '../http/call.ts';
import { registryAuth } from '../http/registry-auth.ts';
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
  const tag = query.text('tag');
  const platform = platformText(query.text('platform'));
  const credentials = registryAuth(request);
  const progress = new Progress(reply);
  const pullOne = async (name: string, begun = () => {}) => {
    const options = { platform, credentials, progress: progress.ofPull(begun), signal };
    const { digest, changed } = await engine.images.pull(name, options);
    begun();
    progress.say(`Digest: ${digest}`);
    return changed;
  };
  await progress.during(async () => {
    const isOne = tag !== undefined || /[:@][^/]*$/.test(image);
    const changed = isOne ? await pullNamed(withTag(image, tag)) : await pullAll();
    const what = changed ? 'Downloaded newer image' : 'Image is up to date';
    progress.say(`Status: ${what} for ${isOne ? withTag(image, tag) : image}`);
  });

  /** What cannot be pulled has a status: nothing is said before the registry has it. */
  async function pullNamed(name: string): Promise<boolean> {
    let isSaid = false;
    return await pullOne(name, () => {
      if (isSaid) return;
      isSaid = true;
      const reference = parseReference(name);
      const id = reference.digest ?? reference.tag ?? 'latest';
      progress.line({ status: `Pulling from ${reference.path}`, id });
    });
  }

  /** One after another, as their layers are often the same; what is no image is passed over. */
  async function pullAll(): Promise<boolean> {
    const { path, tags } = await engine.images.remoteTags(image, { credentials, signal });
    let changed = false;
    for (const { tag: each, name } of tags) {
      progress.line({ status: `Pulling from ${path}`, id: each });
      try {
        changed = (await pullOne(name)) || changed;
      } catch (error) {
        if (!(error instanceof EngineError) || error.kind !== 'unsupported') throw error;
        progress.say(error.message);
      }
    }
    return changed;
  }
}

/** A tag may be a digest. */
function withTag(name: string, tag: string | undefined): string {
  if (tag === undefined) return name;
  return tag.includes(':') ? `${name}@${tag}` : `${name}:${tag}`;
}

function platformText(text: string | undefined): Platform | undefined {
  return text === undefined ? undefined : parsePlatform(text);
}

async function importImage({ engine, query, request, reply, signal }: Call, source: string): Promise<void> {
  const [repo, tag] = [query.text('repo'), query.text('tag')];
  const archive =
    source === '-'
      ? (request as AsyncIterable<Uint8Array>)
      : await engine.images.fetch(urlOf(source), signal);
  const progress = new Progress(reply);
  await progress.during(async () => {
    const id = await engine.images.importFrom(archive, {
      from: source,
      name: repo === undefined ? undefined : tag === undefined ? repo : `${repo}:${tag}`,
      message: query.text('message'),
      changes: query.list('changes'),
      platform: platformText(query.text('platform')),
      signal,
    });
    progress.say(id);
  });
}

function urlOf(source: string): URL {
  if (/^https?:\/\//i.test(source) && URL.canParse(source)) return new URL(source);
  throw new EngineError('invalid', `"${source}" is no URL`, {
    subject: source,
    hint: 'fromSrc is a URL, or - for the body',
  });
}
