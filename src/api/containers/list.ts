import { statusText } from '../../grammar/status-text.ts';
import type { Call } from '../http/call.ts';

/** ContainerList: newest first. */
export async function listContainers({ engine, query, reply }: Call): Promise<void> {
  const filters = query.filters();
  const limit = query.number('limit') ?? 0;
  const listed = await engine.containers.list({
    all: query.flag('all') || filters.has('status'),
    limit: limit > 0 ? limit : undefined,
    filters,
    size: query.flag('size'),
  });
  const { containerSummary } = await import('../../engine/reports/container-summary.ts');
  reply.json(listed.map((container) => containerSummary(container, statusText(container.state))));
}
