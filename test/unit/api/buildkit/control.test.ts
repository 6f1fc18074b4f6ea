import { describe, expect, it } from 'vitest';
import { counted } from '../../../../src/api/buildkit/control.ts';
import type { GrpcMethod, ServerCall } from '../../../../src/api/http/grpc-server.ts';

describe('the calls of a client of BuildKit', () => {
  it('keep the service, and its connection without them does not', async () => {
    const said: boolean[] = [];
    const ends = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    let begun = 0;
    const method: GrpcMethod = () => ends[begun++]?.promise ?? Promise.reject(new Error('one too many'));
    const [[, first]] = counted([['/a.B/C', method]], (counts) => void said.push(counts)) as [
      [string, GrpcMethod],
    ];
    expect(said).toEqual([false]);
    const call = {} as ServerCall;
    const calls = [first(call), first(call)];
    expect(said).toEqual([false, true, true]);
    ends[0]?.resolve(undefined);
    await calls[0];
    expect(said.at(-1)).toBe(true);
    ends[1]?.reject(new Error('failed'));
    await expect(calls[1]).rejects.toThrow('failed');
    expect(said.at(-1)).toBe(false);
  });
});
