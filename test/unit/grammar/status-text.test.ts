import { describe, expect, it } from 'vitest';
import { statusText } from '../../../src/grammar/status-text.ts';

const now = Date.now();
const seconds = (count: number) => now - count * 1000 - 1;
const health = (status: 'starting' | 'healthy' | 'unhealthy') => ({ status, streak: 0, checks: [] });

describe('the status column', () => {
  it.each([
    ['created', {}, 'Created'],
    ['running', { startedAt: seconds(5) }, 'Up 5 seconds'],
    ['running', { startedAt: seconds(5), health: health('starting') }, 'Up 5 seconds (health: starting)'],
    ['running', { startedAt: seconds(5), health: health('healthy') }, 'Up 5 seconds (healthy)'],
    ['running', { startedAt: seconds(5), health: health('unhealthy') }, 'Up 5 seconds (unhealthy)'],
    ['paused', { startedAt: seconds(60) }, 'Up About a minute (Paused)'],
    ['restarting', { finishedAt: seconds(3), exitCode: 1 }, 'Restarting (1) 3 seconds ago'],
    ['exited', { finishedAt: seconds(120), exitCode: 137 }, 'Exited (137) 2 minutes ago'],
    ['removing', {}, 'Removal In Progress'],
    ['dead', {}, 'Dead'],
  ] as const)('of a container that is %s has the words of Docker', (name, parts, text) => {
    expect(statusText({ name, active: false, exitCode: 0, ...parts })).toBe(text);
  });
});
