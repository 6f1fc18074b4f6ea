import { isAlive, parseIdentity } from '../../host/process.ts';
import { buildSteps, type ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { removeContainer } from './remove.ts';

/** Returns the steps of builds whose builder is dead: nobody else removes them. */
export function abandonedSteps({ database }: Pick<Context, 'database'>): ContainerRow[] {
  return buildSteps(database).filter(({ step }) => {
    const builder = parseIdentity(step);
    return builder === undefined || !isAlive(builder);
  });
}

/** Removes the steps of builds whose builder is dead, with their files; one that still runs is killed. */
export async function removeAbandonedSteps(context: Context): Promise<void> {
  for (const row of abandonedSteps(context)) await removeContainer(context, row, { force: true });
}
