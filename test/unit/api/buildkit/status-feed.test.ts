import { describe, expect, it } from 'vitest';
import { StatusFeed } from '../../../../src/api/buildkit/status-feed.ts';

const NEVER = new AbortController().signal;

async function texts(feed: StatusFeed, signal = NEVER): Promise<string[]> {
  const found: string[] = [];
  for await (const message of feed.read(signal)) found.push(String(message));
  return found;
}

describe('what is told of a build', () => {
  it('is read from its beginning, also by who comes late, to its end', async () => {
    const feed = new StatusFeed();
    feed.push(Buffer.from('a'));
    const reading = texts(feed);
    feed.push(Buffer.from('b'));
    feed.push(Buffer.from('c'));
    feed.end();
    expect(await reading).toEqual(['a', 'b', 'c']);
    expect(await texts(feed)).toEqual([]);
  });

  it('is the latest of what nobody reads', async () => {
    const feed = new StatusFeed();
    for (const text of ['a', 'b', 'c', 'd']) feed.push(Buffer.alloc(400_000, text));
    await feed.room();
    feed.end();
    expect((await texts(feed)).map((text) => text[0])).toEqual(['c', 'd']);
  });

  it('waits for whoever reads slowly', async () => {
    const feed = new StatusFeed();
    const reading = feed.read(NEVER);
    feed.push(Buffer.from('first'));
    expect(String((await reading.next()).value)).toBe('first');
    for (let count = 0; count < 3; count += 1) feed.push(Buffer.alloc(400_000));
    let hasRoom = false;
    const room = feed.room().then(() => {
      hasRoom = true;
    });
    await new Promise((turn) => setImmediate(turn));
    expect(hasRoom).toBe(false);
    await reading.next();
    await room;
    expect(hasRoom).toBe(true);
    feed.push(Buffer.alloc(2_000_000));
    const last = feed.room();
    await reading.return(undefined);
    await last;
  });

  it('is read no longer when the reader has gone', async () => {
    const feed = new StatusFeed();
    const gone = new AbortController();
    const reading = texts(feed, gone.signal);
    gone.abort();
    expect(await reading).toEqual([]);
  });
});
