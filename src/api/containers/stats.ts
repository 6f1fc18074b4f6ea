import type { CounterSample } from '../../engine/reports/counters.ts';
import { statsResponse } from '../../engine/reports/stats-response.ts';
import { EngineError } from '../../errors.ts';
import type { Call } from '../http/call.ts';

/**
 * ContainerStats: a line of JSON each second until the container is removed or the client goes. `stream=0` is one answer after
 * a second, with what was before it, `one-shot` one at once, and so is that of a container that does not run.
 */
export async function containerStats({ engine, path, query, reply, signal }: Call): Promise<void> {
  const [isStream, isOneShot] = [query.flag('stream', true), query.flag('one-shot')];
  if (isStream && isOneShot)
    throw new EngineError('invalid', 'cannot have stream=true and one-shot=true', {
      hint: 'say stream=0 with one-shot',
    });
  const samples = await engine.containers.counters(path.name ?? '', signal);
  const stream = isStream ? reply.stream('application/json') : undefined;
  let before: CounterSample | undefined;
  for await (const sample of samples) {
    if (stream !== undefined) await stream.line(statsResponse(sample, before));
    else if (isOneShot || before !== undefined || sample.running === undefined)
      return reply.json(statsResponse(sample, before));
    before = sample;
  }
  if (stream === undefined) throw goneMeanwhile(path.name ?? '');
  stream.end();
}

function goneMeanwhile(name: string): EngineError {
  return new EngineError('notFound', `container ${name} was removed meanwhile`, { subject: name });
}
