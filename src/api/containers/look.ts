import type { Call } from '../http/call.ts';

/** ContainerTop: `ps_args` as ps(1) takes them, `-ef` when there are none. */
export async function containerTop({ engine, path, query, reply }: Call): Promise<void> {
  const options = query.text('ps_args')?.split(/\s+/).filter(Boolean) ?? [];
  const { titles, processes } = await engine.containers.top(path.name ?? '', options);
  reply.json({ Titles: titles, Processes: processes });
}

const KINDS = { C: 0, A: 1, D: 2 } as const;

/** ContainerChanges: null when nothing has changed. */
export async function containerChanges({ engine, path, reply }: Call): Promise<void> {
  const changes: { Path: string; Kind: number }[] = [];
  for await (const several of await engine.containers.changes(path.name ?? ''))
    changes.push(...several.map((change) => ({ Path: change.path, Kind: KINDS[change.kind] })));
  reply.json(changes.length === 0 ? null : changes);
}
