import { describe, expect, it } from 'vitest';
import { Message, ReadMessage } from '../../../../src/api/buildkit/protobuf.ts';
import { wantedResult } from '../../../../src/api/buildkit/result.ts';
import { GZIP } from '../../../../src/engine/images/compressed-layer.ts';

const NOBODY = undefined as never;

function wanted(...exporters: [type: string, attributes?: Record<string, string>][]) {
  const messages = exporters.map(
    ([type, attributes = {}]) => new ReadMessage(new Message().text(1, type).map(2, attributes).encoded()),
  );
  return wantedResult(messages, NOBODY);
}

describe('what a client wants of what is built', () => {
  it('is an image of this store, with its names', () => {
    expect(wanted(['moby', { name: 'a:1,b', 'dangling-name-prefix': 'x' }])).toEqual({
      names: ['a:1', 'b'],
      outputs: [{ kind: 'image', form: {} }],
      isPushed: false,
    });
  });

  it('is an image whose layers are compressed when it is pushed', () => {
    expect(wanted(['image', { name: 'a', push: 'true' }])).toMatchObject({
      outputs: [{ kind: 'image', form: { compression: GZIP } }],
      isPushed: true,
    });
  });

  it('is files or an archive for the client', () => {
    const { outputs } = wanted(['local'], ['tar'], ['docker', { name: 'a' }], ['oci']);
    expect(outputs).toEqual([
      { kind: 'files', take: expect.any(Function) },
      { kind: 'tar', write: expect.any(Function) },
      { kind: 'archive', format: 'docker', to: { write: expect.any(Function) } },
      { kind: 'archive', format: 'oci', to: { write: expect.any(Function) } },
    ]);
  });

  it('may be nothing but the cache', () => {
    expect(wanted()).toEqual({ names: [], outputs: [], isPushed: false });
  });

  it.each<[string, Record<string, string>, string]>([
    ['nydus', {}, 'cannot be had as nydus'],
    ['image', { 'name-canonical': 'true' }, 'name-canonical=true'],
  ])('is not %s %j', (type, attributes, message) => {
    expect(() => wanted([type, attributes])).toThrow(message);
  });
});
