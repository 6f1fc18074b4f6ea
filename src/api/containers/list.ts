import { statusText } from '../../grammar/status-text.ts';
import { shownFor } from '../bodies/differences.ts';
import { LISTED_CONTAINER } from '../bodies/older-answers.ts';
import type { Call } from '../http/call.ts';

/** ContainerList: newest first. */
export async function listContainers({
  engine,
  query,
  request,
  reply,
  answers,
  version,
}: Call): Promise<void> {
  const filters = query.filters();
  const limit = query.number('limit') ?? 0;
  const find = async () => {
    const listed = await engine.containers.list({
      all: query.flag('all'),
      limit: limit > 0 ? limit : undefined,
      filters,
      size: query.flag('size'),
    });
    const { containerSummary } = await import('../../engine/reports/container-summary.ts');
    const shown = shownFor(version, LISTED_CONTAINER);
    return listed.map((container) => shown(containerSummary(container, statusText(container.state))));
  };
  reply.madeJson(await answers.ask(request.url ?? '', find));
}
