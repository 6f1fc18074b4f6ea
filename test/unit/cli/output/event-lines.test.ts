import { describe, expect, it } from 'vitest';
import { EventFormat } from '../../../../src/cli/output/event-lines.ts';
import { eventFilter } from '../../../../src/engine/events/filter.ts';
import type { EngineEvent } from '../../../../src/engine/events/journal.ts';

const FRONT = 'f'.repeat(64);
const WEB = 'c'.repeat(64);

const event = (changes: Partial<EngineEvent>): EngineEvent => ({
  type: 'network',
  action: 'connect',
  id: FRONT,
  attributes: { container: WEB, name: 'front', type: 'bridge' },
  scope: 'local',
  timeNano: 1_000_000_000_000_000_005n,
  ...changes,
});
const removal = event({ action: 'destroy', attributes: { name: 'front', type: 'bridge' } });
const pruning = event({ action: 'prune', id: '', attributes: { reclaimed: '0' } });
const death = event({ type: 'container', action: 'die', id: WEB, attributes: { name: 'web', image: 'x' } });

describe('events of networks', () => {
  it.each([
    [event({}), `network connect ${FRONT} (container=${WEB}, name=front, type=bridge)`],
    [removal, `network destroy ${FRONT} (name=front, type=bridge)`],
    [pruning, 'network prune  (reclaimed=0)'],
  ])('are lines', (given, text) => {
    expect(new EventFormat(undefined).render(given).replace(/^\S+ /, '')).toBe(`${text}\n`);
  });

  it('are JSON without the older names, which Docker has for containers and images only', () => {
    expect(JSON.parse(new EventFormat('json').render(removal))).toEqual({
      Type: 'network',
      Action: 'destroy',
      Actor: { ID: FRONT, Attributes: { name: 'front', type: 'bridge' } },
      scope: 'local',
      time: 1_000_000_000,
      timeNano: expect.any(Number),
    });
  });

  it('are rendered by templates', () => {
    const format = new EventFormat('{{.Type}} {{.Action}} {{.Actor.Attributes.container}}');
    expect(format.render(event({}))).toBe(`network connect ${WEB}\n`);
  });

  it.each<[string, string, readonly EngineEvent[]]>([
    ['type', 'network', [event({}), removal, pruning]],
    ['event', 'connect', [event({})]],
    ['network', 'front', [event({}), removal]],
    ['network', 'fff', [event({}), removal]],
    ['network', 'back', []],
    ['type', 'container', [death]],
  ])('are found by %s=%s', (name, value, expected) => {
    const fits = eventFilter(new Map([[name, [value]]]));
    expect([event({}), removal, pruning, death].filter(fits)).toEqual(expected);
  });
});
