import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../../../src/build/dockerfile/parse.ts';
import { planStages } from '../../../../src/build/stages/plan-stages.ts';
import { labelsOf } from '../../../../src/engine/build/labels.ts';
import { planOptions } from '../../../../src/engine/build/plan-options.ts';
import { parsePlatform } from '../../../../src/image/platform.ts';

const FILE = `FROM --platform=linux/riscv64 some AS build
RUN one
ENV A=b
COPY two /
FROM build AS more
RUN three
FROM scratch
WORKDIR /x
`;

/** What stands before FROM and the steps of a stage in a build for platforms, the last of which is looked at. */
function labels(index: number, platforms: readonly string[], ...environments: Record<string, string>[]) {
  const options = { platforms: platforms.map(parsePlatform) };
  const plan = planStages(
    parseDockerfile(FILE, { name: 'Dockerfile' }),
    planOptions(options, options.platforms.at(-1)),
  );
  const stage = plan.stages[index];
  if (stage === undefined) throw new Error(`there is no stage ${index}`);
  const of = labelsOf({ plan, options }, stage, stage.instructions);
  return [of.from(), ...environments.map((each) => of.next(new Map(Object.entries(each))))];
}

describe('what progress puts in front of steps', () => {
  it('is the stage, and the number among those that make files', () => {
    expect(labels(0, ['linux/arm64'], {}, {})).toEqual(['[build 1/3]', '[build 2/3]', '[build 3/3]']);
    expect(labels(2, [], {})).toEqual(['[stage-2 1/1]', '[stage-2 1/1]']);
  });

  it("has the stage's platform when there are several", () => {
    const both = ['linux/amd64', 'linux/arm64'];
    expect(labels(2, both, {})[1]).toBe('[linux/arm64 stage-2 1/1]');
    expect(labels(1, both, {})[1]).toBe('[linux/riscv64 more 2/2]');
  });

  it.each([
    [{ TARGETARCH: 'arm64' }, 'linux/riscv64->arm64'],
    [{ TARGETPLATFORM: 'linux/arm/v6' }, 'linux/riscv64->arm/v6'],
    [{ TARGETARCH: 'arm', TARGETVARIANT: 'v6' }, 'linux/riscv64->arm/v6'],
    [{ TARGETOS: 'windows', TARGETARCH: 'amd64' }, 'linux/riscv64->windows/amd64'],
    [{ TARGETARCH: 'riscv64' }, 'linux/riscv64'],
    [{ TARGETPLATFORM: '/' }, 'linux/riscv64'],
  ])('has the one that a stage makes something for, once it was told: %o', (environment, expected) => {
    expect(labels(0, ['linux/amd64', 'linux/arm64'], environment)[1]).toBe(`[${expected} build 2/3]`);
  });
});
