import { expect, it } from 'vitest';
import { parseDockerfile } from '../../../../src/build/dockerfile/parse.ts';
import { buildTargets } from '../../../../src/build/stages/targets.ts';
import { parsePlatform } from '../../../../src/image/platform.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };

it('finds the stages that can be asked for, with what the comments above say of them by their name', () => {
  const text = `# of nobody
FROM alpine AS Build
# test runs the tests
# and more
FROM --platform=linux/arm64 build AS test
# test is not this one
FROM \\
  scratch
`;
  const targets = buildTargets(parseDockerfile(text, { name: 'Dockerfile' }), {
    buildArgs: {},
    contexts: [],
    platform: AMD64,
    buildPlatform: AMD64,
    parsePlatform,
  });
  expect(targets).toEqual([
    {
      name: 'build',
      isDefault: false,
      description: undefined,
      base: 'alpine',
      platform: undefined,
      lines: [2, 2],
    },
    {
      name: 'test',
      isDefault: false,
      description: 'runs the tests',
      base: 'build',
      platform: expect.objectContaining({ architecture: 'arm64' }),
      lines: [5, 5],
    },
    {
      name: undefined,
      isDefault: true,
      description: undefined,
      base: 'scratch',
      platform: undefined,
      lines: [7, 8],
    },
  ]);
});
