import type { Call } from '../http/call.ts';

/** That of a Docker without swarm; `Builder-Version: 1` makes clients build by the classic endpoint. */
const HEADERS = {
  'Builder-Version': '1',
  'Cache-Control': 'no-cache, no-store, must-revalidate',
  Pragma: 'no-cache',
  Swarm: 'inactive',
};

export async function ping({ reply }: Call): Promise<void> {
  reply.text('OK', HEADERS);
}
