import type { PsState } from '../engine/state/shown-state.ts';
import { ago, exitedAt, upSince } from './time-text.ts';

/** The STATUS of a container, in Docker's words. */
export function statusText({ name, startedAt = 0, finishedAt = 0, exitCode, health }: PsState): string {
  switch (name) {
    case 'running': {
      const up = upSince(startedAt);
      if (health === undefined) return up;
      return `${up} (${health.status === 'starting' ? 'health: starting' : health.status})`;
    }
    case 'paused':
      return `${upSince(startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${exitCode}) ${ago(finishedAt)}`;
    case 'created':
      return 'Created';
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    case 'exited':
      return exitedAt(finishedAt, exitCode);
  }
}
