import { EngineError } from '../../errors.ts';
import { parsePlatform } from '../../image/platform.ts';
import type { Call } from '../http/call.ts';
import { registryAuth } from '../http/registry-auth.ts';
import { Progress } from './progress.ts';

/** ImageCreate: pulls what `fromImage` names, or imports what `fromSrc` says, `-` for the body. */
export async function createImage(call: Call): Promise<void> {
  const { query } = call;
  const [image, source] = [query.text('fromImage'), query.text('fromSrc')];
  if (image !== undefined) await pull(call, withTag(image, query.text('tag')));
  else if (source !== undefined) await importImage(call, source);
  else throw new EngineError('invalid', 'neither fromImage nor fromSrc says what to create');
}

/** A tag may be a digest. */
function withTag(name: string, tag: string | undefined): string {
  if (tag === undefined) return name;
  return tag.includes(':') ? `${name}@${tag}` : `${name}:${tag}`;
}

async function pull({ engine, query, request, reply, signal }: Call, name: string): Promise<void> {
  const text = query.text('platform');
  const platform = text === undefined ? undefined : parsePlatform(text);
  const credentials = registryAuth(request);
  const progress = new Progress(reply);
  await progress.during(async () => {
    const pulled = await engine.images.pull(name, {
      platform,
      credentials,
      progress: progress.ofPull(),
      signal,
    });
    progress.say(`Digest: ${pulled.digest}`);
    progress.say(
      `Status: ${pulled.changed ? 'Downloaded newer image' : 'Image is up to date'} for ${pulled.name}`,
    );
  });
}

async function importImage({ engine, query, request, reply, signal }: Call, source: string): Promise<void> {
  const [repo, tag, text] = [query.text('repo'), query.text('tag'), query.text('platform')];
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
      platform: text === undefined ? undefined : parsePlatform(text),
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
