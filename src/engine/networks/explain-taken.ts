import { EngineError } from '../../errors.ts';
import type { SubnetTaken } from '../../network/address/subnet-taken.ts';
import type { Context } from '../store/context.ts';
import { findGoneStores } from './gone-stores.ts';
import { readLinks } from './perform.ts';

/** The number of stores that are named; the others are counted. */
const NAMED = 3;

/**
 * Returns the error to throw when there was no room for a network: the same one, with the stores that were deleted by
 * hand and whose bridges still hold subnets, if there are any.
 */
export async function withGoneStores(context: Context, error: SubnetTaken): Promise<EngineError> {
  const links = await readLinks(context).catch(() => []);
  const holders = findGoneStores(links).filter(({ bridges }) => bridges.length > 0);
  if (holders.length === 0) return error;
  const named = holders
    .slice(0, NAMED)
    .map(({ paths, bridges }) => `${paths.root} (${bridges.map(({ name }) => name).join(', ')})`);
  const more = holders.length > NAMED ? ` and ${holders.length - NAMED} more` : '';
  return new EngineError(
    error.kind,
    `${error.message}; bridges of stores that are gone still hold subnets: ${named.join(', ')}${more}`,
    { subject: error.subject, cause: error, remedy: 'take them back with skiff doctor --fix' },
  );
}
