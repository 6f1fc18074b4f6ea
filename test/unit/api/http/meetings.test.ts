import { describe, expect, it } from 'vitest';
import { Meetings } from '../../../../src/api/http/meetings.ts';

describe('calls that need each other', () => {
  it('meet whichever comes first, until what was brought is over', async () => {
    const meetings = new Meetings<string>();
    const { promise, resolve } = Promise.withResolvers<void>();
    const early = meetings.find('one');
    meetings.bring('one', 'brought', promise);
    expect(await early).toBe('brought');
    expect(await meetings.find('one')).toBe('brought');
    resolve();
    await promise;
    expect(await meetings.find('one', 1)).toBeUndefined();
  });

  it('do not meet by another id', async () => {
    const meetings = new Meetings<string>();
    meetings.bring('one', 'brought', new Promise(() => {}));
    expect(await meetings.find('other', 1)).toBeUndefined();
  });
});
