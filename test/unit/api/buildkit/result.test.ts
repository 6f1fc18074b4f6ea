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
    expect(wanted(['moby', { name: 'a:1,b', 'dangling-name-prefix': 'x', push: 'false' }])).toEqual({
      outputs: [{ kind: 'image', form: { names: ['a:1', 'b'] } }],
      rewritesTimes: false,
      pushed: [],
    });
  });

  it('is pushed by the client itself where it is made by the exporter of Docker', () => {
    expect(wanted(['moby', { name: 'a', push: 'true' }])).toMatchObject({
      outputs: [{ kind: 'image', form: { compression: GZIP } }],
      pushed: [],
    });
  });

  it('is an image whose layers are compressed when it is pushed, under the names that it has there', () => {
    const zstd = { name: 'c', push: 'true', compression: 'zstd', 'compression-level': '9' };
    expect(wanted(['image', { name: 'a', push: 'true' }], ['image', { name: 'b' }], ['image', zstd])).toEqual(
      {
        outputs: [
          { kind: 'image', form: { names: ['a'], compression: GZIP } },
          { kind: 'image', form: { names: ['b'] } },
          { kind: 'image', form: { names: ['c'], compression: { kind: 'zstd', level: 9 } } },
        ],
        rewritesTimes: false,
        pushed: ['a', 'c'],
      },
    );
  });

  it('is files or an archive for the client', () => {
    const { outputs } = wanted(
      ['local', { 'attestation-prefix': 'x' }],
      ['tar'],
      ['docker', { name: 'a', 'oci-mediatypes': 'false' }],
      ['oci', { tar: 'true', 'force-compression': 'true', 'annotation.k': 'v' }],
    );
    const to = { write: expect.any(Function) };
    expect(outputs).toEqual([
      { kind: 'files', take: expect.any(Function) },
      { kind: 'tar', ...to },
      { kind: 'archive', format: 'docker', to, form: { names: ['a'], types: 'docker' } },
      {
        kind: 'archive',
        format: 'oci',
        to,
        form: { compression: { kind: 'gzip', all: true }, annotations: { k: 'v' } },
      },
    ]);
  });

  it('has the times of files rewritten', () => {
    expect(wanted(['local'], ['image', { 'rewrite-timestamp': 'true' }]).rewritesTimes).toBe(true);
  });

  it('may be nothing but the cache', () => {
    expect(wanted()).toEqual({ outputs: [], rewritesTimes: false, pushed: [] });
  });

  it.each<[string, Record<string, string>, string]>([
    ['nydus', {}, 'cannot be had as nydus'],
    ['image', { 'name-canonical': 'true' }, 'name-canonical=true'],
    ['image', { store: 'false' }, 'store=false'],
    ['image', { 'source-date-epoch': '5' }, 'type=image is not made with source-date-epoch=5'],
    ['image', { push: '1' }, 'the output type=image: push is neither true nor false: "1"'],
    ['image', { compression: 'lz4' }, 'the output type=image: compression is one of gzip'],
    ['oci', { tar: 'false' }, 'a layout is sent as an archive'],
    ['oci', { 'oci-mediatypes': 'false' }, 'a layout of the OCI has its media types'],
    ['docker', { push: 'true' }, 'type=docker is not made with push=true'],
    ['local', { name: 'a' }, 'type=local is not made with name=a'],
    ['tar', { 'platform-split': 'true' }, 'type=tar is not made with platform-split=true'],
  ])('is not %s %j', (type, attributes, message) => {
    expect(() => wanted([type, attributes])).toThrow(message);
  });
});
