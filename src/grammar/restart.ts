import type { RestartPolicy } from '../engine/options/create.ts';
import { EngineError } from '../errors.ts';

const NAMES = ['no', 'always', 'unless-stopped', 'on-failure'] as const;

/**
 * `--restart no|always|unless-stopped|on-failure[:N]`; empty is as good as `no`. Which policy takes a number is the engine's
 * to say. Throws `invalid`.
 */
export function parseRestartPolicy(text: string): RestartPolicy {
  if (text === '') return { name: 'no' };
  const colon = text.indexOf(':');
  const word = colon < 0 ? text : text.slice(0, colon);
  const count = colon < 0 ? '' : text.slice(colon + 1);
  const name = NAMES.find((candidate) => candidate === word);
  if (name === undefined) throw invalid(text, `use ${NAMES.join(', ')}, or on-failure:N`);
  if (count === '') return { name };
  if (!/^\d{1,9}$/.test(count))
    throw invalid(text, 'how often it is restarted is a whole number, not negative');
  return { name, maximum: Number(count) };
}

function invalid(text: string, hint: string): EngineError {
  return new EngineError('invalid', `invalid restart policy: "${text}"`, { subject: text, hint });
}
