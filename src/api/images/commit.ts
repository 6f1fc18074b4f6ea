import { EngineError } from '../../errors.ts';
import { imageConfigOf } from '../bodies/image-config.ts';
import type { Call } from '../http/call.ts';
import { named } from './named.ts';

/** ImageCommit. */
export async function commitContainer({ engine, query, body, reply, signal }: Call): Promise<void> {
  const [container, repo, tag] = [query.text('container'), query.text('repo'), query.text('tag')];
  if (container === undefined)
    throw new EngineError('invalid', 'no container was named', { hint: 'say it with container=' });
  const id = await engine.containers.commit(container, {
    name: repo === undefined ? undefined : named(repo, tag),
    author: query.text('author'),
    message: query.text('comment'),
    config: imageConfigOf(await body()),
    changes: query.list('changes'),
    pause: query.flag('pause', true),
    signal,
  });
  reply.json({ Id: id }, { status: 201 });
}
