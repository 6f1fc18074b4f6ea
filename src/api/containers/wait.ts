import type { WaitCondition } from '../../engine/lifecycle/wait.ts';
import { EngineError } from '../../errors.ts';
import type { Call } from '../http/call.ts';
import { wordsOf } from '../http/words.ts';

const CONDITIONS: Readonly<Record<string, WaitCondition>> = {
  'not-running': 'stopped',
  'next-exit': 'next-exit',
  removed: 'removed',
};

/** ContainerWait. The head comes at once, so that a client knows that it will miss no end. */
export async function waitContainer(call: Call): Promise<void> {
  const { engine, connections, path, query, reply, signal } = call;
  const word = query.text('condition') ?? 'not-running';
  const condition = Object.hasOwn(CONDITIONS, word) ? CONDITIONS[word] : undefined;
  if (condition === undefined)
    throw new EngineError('invalid', `invalid condition: "${word}"`, {
      hint: `use ${Object.keys(CONDITIONS).join(', ')}`,
    });
  const { row } = await engine.containers.get(path.name ?? '');
  const ended = engine.containers.wait(row.id, condition, signal);
  const stream = reply.stream('application/json');
  try {
    const code = await ended;
    await connections.delivered(row.id);
    await stream.line({ StatusCode: code });
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    await stream.line({ StatusCode: 0, Error: { Message: wordsOf(error) } });
  }
  stream.end();
}
