import { describe, expect, it } from 'vitest';
import { dockerManifest, parseDockerManifest } from '../../../src/image/docker-archive.ts';

const IMAGE = { config: 'blobs/sha256/c', layers: ['a/layer.tar', 'b/layer.tar'], names: ['team/app:1'] };
const parse = (value: unknown) => parseDockerManifest(Buffer.from(JSON.stringify(value)));

describe('the list of an archive of docker save', () => {
  it('is read as it is written', () => {
    expect(parseDockerManifest(dockerManifest([IMAGE, { ...IMAGE, names: [] }]))).toEqual([
      IMAGE,
      { ...IMAGE, names: [] },
    ]);
  });

  it('may lack names and layers, as those of images without them do', () => {
    const nothing = { config: 'c', layers: [], names: [] };
    expect(parse([{ Config: 'c', RepoTags: null, Layers: null }])).toEqual([nothing]);
    expect(parse([{ Config: 'c', LayerSources: {} }])).toEqual([nothing]);
  });

  it.each([
    [[], 'the archive has no image'],
    [{}, 'manifest.json must be a list'],
    [[1], 'manifest.json[0]'],
    [[{}], 'manifest.json[0].Config'],
    [[{ Config: 'c', Layers: [1] }], 'manifest.json[0].Layers[0]'],
    [[{ Config: 'c', RepoTags: 'x' }], 'manifest.json[0].RepoTags'],
  ])('is refused as %j', (value, message) => {
    expect(() => parse(value)).toThrow(message);
  });
});
