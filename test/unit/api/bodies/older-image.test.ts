import { expect, it } from 'vitest';
import { imageFor, listedImageFor } from '../../../../src/api/bodies/older-image.ts';

const NAMELESS = { Id: 'sha256:1', RepoTags: [], RepoDigests: [], Size: 5 };

it('gives an image without a name the names that versions before 1.43 have for it', () => {
  expect(listedImageFor(43, NAMELESS)).toMatchObject({ RepoTags: [], RepoDigests: [] });
  expect(listedImageFor(42, NAMELESS)).toMatchObject({
    RepoTags: ['<none>:<none>'],
    RepoDigests: ['<none>@<none>'],
  });
  const digested = { ...NAMELESS, RepoDigests: ['a@sha256:2'] };
  expect(listedImageFor(42, digested)).toMatchObject({
    RepoTags: ['<none>:<none>'],
    RepoDigests: ['a@sha256:2'],
  });
  expect(listedImageFor(42, { ...NAMELESS, RepoTags: ['a:1'] })).toMatchObject({
    RepoTags: ['a:1'],
    RepoDigests: [],
  });
});

it('tells the size once more, as versions before 1.44 do', () => {
  expect(imageFor(43, NAMELESS)).toEqual({ ...NAMELESS, VirtualSize: 5 });
  expect(imageFor(44, NAMELESS)).toEqual(NAMELESS);
});
