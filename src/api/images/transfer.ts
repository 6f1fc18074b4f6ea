import type { Call } from '../http/call.ts';
import { platformOf } from '../http/platform.ts';
import { registryAuth } from '../http/registry-auth.ts';
import { isOfOne, named } from './named.ts';
import { Progress } from './progress.ts';

/** ImageGetAll: one archive of them all. */
export async function saveImages(call: Call): Promise<void> {
  await save(
    call,
    call.query.list('names').flatMap((name) => name.split(',')),
  );
}

/** ImageGet: that of one image, or of a repository. */
export async function saveImage(call: Call): Promise<void> {
  await save(call, [call.path.name ?? '']);
}

async function save({ engine, query, reply, signal }: Call, names: readonly string[]): Promise<void> {
  const platform = platformOf(query.json('platform'));
  await engine.images.save(names, {
    format: 'docker',
    platform,
    to: {
      async write(archive) {
        const stream = reply.stream('application/x-tar');
        for await (const bytes of archive) {
          signal.throwIfAborted();
          await stream.write(bytes);
        }
        stream.end();
      },
    },
  });
}

/** ImageLoad. */
export async function loadImages({ engine, query, request, reply, signal }: Call): Promise<void> {
  const platform = platformOf(query.json('platform'));
  const progress = new Progress(reply);
  await progress.during(() =>
    engine.images.load(request as AsyncIterable<Uint8Array>, {
      platform,
      signal,
      progress: query.flag('quiet', true) ? undefined : progress.ofLoad(),
      loaded: ({ id, names }) => {
        const lines =
          names.length === 0 ? [`Loaded image ID: ${id}`] : names.map((name) => `Loaded image: ${name}`);
        for (const text of lines) progress.line({ stream: `${text}\n` });
      },
    }),
  );
}

/** ImagePush: where no tag is said, neither here nor in the name, all tags of the repository are meant. */
export async function pushImage({ engine, path, query, request, reply, signal }: Call): Promise<void> {
  const name = named(path.name ?? '', query.text('tag'));
  const platform = platformOf(query.json('platform'));
  const credentials = registryAuth(request);
  const progress = new Progress(reply);
  await progress.during(() =>
    engine.images.push(name, {
      allTags: !isOfOne(name),
      platform,
      credentials,
      progress: progress.ofPush(),
      signal,
    }),
  );
}
