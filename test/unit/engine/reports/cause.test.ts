import { describe, expect, it } from 'vitest';
import { type Cause, causeOf, type Evidence } from '../../../../src/engine/reports/cause.ts';

function evidence(changes: Partial<Evidence> = {}): Evidence {
  return {
    state: 'exited',
    command: ['sh'],
    createdAt: 0,
    startedAt: 1000,
    finishedAt: 2000,
    escalated: false,
    oomKills: 0,
    pidsRefused: 0,
    stop: { signal: 15, timeoutMs: 10_000 },
    init: false,
    ownPids: true,
    limits: {},
    ...changes,
  };
}

const killed = { code: 137, signal: 9 };

describe('causeOf', () => {
  it.each<[string, Partial<Evidence>, Cause]>([
    ['a container that runs', { state: 'running' }, { kind: 'running' }],
    ['one that is paused', { state: 'paused' }, { kind: 'paused' }],
    [
      'one that is being started anew',
      { state: 'starting', startFailure: { message: 'm', exitCode: 127 } },
      { kind: 'starting' },
    ],
    ['one that was never started', { state: 'created' }, { kind: 'created' }],
    [
      'a start that failed',
      { state: 'created', startFailure: { message: 'm', exitCode: 127 } },
      { kind: 'notStarted', message: 'm', exitCode: 127 },
    ],
    ['an end that nobody saw', {}, { kind: 'lost' }],
    ['success', { end: { code: 0 } }, { kind: 'exited', code: 0, reported: undefined }],
    ['an exit code', { end: { code: 255 } }, { kind: 'exited', code: 255, reported: undefined }],
    ['a code that speaks of a signal', { end: { code: 139 } }, { kind: 'exited', code: 139, reported: 11 }],
    ['a kill for want of memory', { end: killed, oomKills: 2 }, { kind: 'memory', certain: true }],
    [
      'one behind an init',
      { end: { code: 137 }, oomKills: 1, init: true },
      { kind: 'memory', certain: true },
    ],
    ['one that a shell passes on', { end: { code: 137 }, oomKills: 1 }, { kind: 'memory', certain: false }],
    [
      'a kill by skiff, whatever was killed for memory before',
      { end: killed, oomKills: 1, sent: { signal: 9, at: 5 } },
      { kind: 'signal', signal: 9, from: 'skiff' },
    ],
    [
      'a stop that took too long',
      { end: killed, escalated: true, sent: { signal: 9, at: 5 } },
      { kind: 'stopTimeout' },
    ],
    [
      'an end that came before the escalation hit',
      { end: { code: 0 }, escalated: true, sent: { signal: 9, at: 5 } },
      { kind: 'exited', code: 0, reported: undefined },
    ],
    ['a kill by somebody else', { end: killed }, { kind: 'signal', signal: 9, from: 'elsewhere' }],
    ['a restart from within', { end: { code: 129, signal: 1 } }, { kind: 'shutdown', how: 'restart' }],
    [
      'a halt from within that skiff had asked for',
      { end: { code: 130, signal: 2 }, sent: { signal: 37, at: 5 }, stop: { signal: 37, timeoutMs: 1 } },
      { kind: 'shutdown', how: 'halt', sent: 37 },
    ],
    [
      'a halt of what runs behind an init',
      { end: { code: 130, signal: 2 }, init: true },
      { kind: 'shutdown', how: 'halt' },
    ],
    [
      'a command that SIGINT ended behind an init',
      { end: { code: 130 }, init: true },
      { kind: 'signal', signal: 2, from: 'elsewhere' },
    ],
    [
      'the same signals where its processes are among others',
      { end: { code: 130, signal: 2 }, ownPids: false },
      { kind: 'signal', signal: 2, from: 'elsewhere' },
    ],
    ['a fault', { end: { code: 139, signal: 11 } }, { kind: 'signal', signal: 11, from: 'fault' }],
    [
      'a fault behind an init',
      { end: { code: 139 }, init: true },
      { kind: 'signal', signal: 11, from: 'fault' },
    ],
    [
      'a signal by skiff that looks like a fault',
      { end: { code: 139, signal: 11 }, sent: { signal: 11, at: 5 } },
      { kind: 'signal', signal: 11, from: 'skiff' },
    ],
    [
      'a stop that was heard',
      { end: { code: 3 }, sent: { signal: 15, at: 5 } },
      { kind: 'stopped', signal: 15, code: 3 },
    ],
    [
      'a signal whose handler ends as the signal would',
      { end: { code: 130 }, sent: { signal: 2, at: 5 } },
      { kind: 'stopped', signal: 2, code: 130 },
    ],
    [
      'a signal that is not for stopping',
      { end: { code: 0 }, sent: { signal: 1, at: 5 } },
      { kind: 'exited', code: 0, reported: undefined },
    ],
  ])('recognises %s', (_, changes, expected) => {
    expect(causeOf(evidence(changes))).toEqual(expected);
  });
});
