import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../../../src/build/dockerfile/parse.ts';
import { buildOutline } from '../../../../src/build/stages/outline.ts';
import { outlineJson, renderOutline } from '../../../../src/cli/output/build-outline.ts';
import { parsePlatform } from '../../../../src/image/platform.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };

const FILE = `# VERSION of the language
ARG VERSION=1.22
ARG PART=ld
ARG IMAGE=go$PART
ARG UNUSED=x
ARG PLATFORM
FROM --platform=\${PLATFORM:-linux/amd64} $IMAGE:$VERSION AS base
ARG VERSION
ARG TARGETARCH
# OTHER is for nobody
# FLAGS for the compiler
ARG FLAGS="-O2 $BASE"
RUN --mount=type=secret,id=token --mount=type=cache,target=/root/.cache go build
FROM base AS unneeded
ARG NEVER
# release makes all of it
FROM base AS release
ARG FLAGS=again GIVEN=default NONE
RUN --mount=type=secret,id=token,required --mount=type=secret,target=/run/key \\
    --mount=type=ssh --mount=type=ssh,id=work,required --mount=type=cache,id=c,target=/c make
`;

function outlineOf(text: string, { target, ...buildArgs }: Record<string, string> = {}) {
  return buildOutline(parseDockerfile(text, { name: 'Dockerfile' }), {
    target,
    buildArgs,
    contexts: [],
    platform: AMD64,
    buildPlatform: AMD64,
    parsePlatform,
    baseOf: (reference) =>
      reference === 'gold:1.22' ? { config: { ...AMD64, config: { Env: ['BASE=-g'] } } } : undefined,
  });
}

describe('the outline of a build', () => {
  it('has what its target and the stages below take, with values, and what comments say of it', () => {
    expect(outlineOf(FILE, { GIVEN: 'by hand' })).toEqual({
      name: 'release',
      description: 'makes all of it',
      arguments: [
        { name: 'VERSION', value: '1.22', description: 'of the language', lines: [2, 2] },
        { name: 'PART', value: 'ld', description: undefined, lines: [3, 3] },
        { name: 'IMAGE', value: 'gold', description: undefined, lines: [4, 4] },
        { name: 'PLATFORM', value: undefined, description: undefined, lines: [6, 6] },
        { name: 'FLAGS', value: 'again', description: undefined, lines: [18, 18] },
        { name: 'GIVEN', value: 'by hand', description: undefined, lines: [18, 18] },
        { name: 'NONE', value: undefined, description: undefined, lines: [18, 18] },
      ],
      secrets: [
        { id: 'token', required: true, lines: [19, 20] },
        { id: 'key', required: false, lines: [19, 20] },
      ],
      agents: [
        { id: 'default', required: false, lines: [19, 20] },
        { id: 'work', required: true, lines: [19, 20] },
      ],
      caches: [
        { id: '/root/.cache', lines: [13, 13] },
        { id: 'c', lines: [19, 20] },
      ],
    });
    expect(outlineOf(FILE, { target: 'unneeded' }).arguments.at(-1)).toMatchObject({ name: 'NEVER' });
  });

  it('knows the variables of bases that are here', () => {
    const flags = (buildArgs: Record<string, string>) =>
      outlineOf(FILE, { target: 'base', ...buildArgs }).arguments.find(({ name }) => name === 'FLAGS');
    expect(flags({})).toMatchObject({ value: '-O2 -g', description: 'for the compiler', lines: [12, 12] });
    expect(flags({ IMAGE: 'unknown' })).toMatchObject({ value: '-O2 ' });
    const given = outlineOf(FILE, { IMAGE: 'unknown' }).arguments.map(({ name }) => name);
    expect(given).not.toContain('PART');
    expect(outlineOf('ARG A=$A\nFROM x$A\n').arguments).toMatchObject([{ name: 'A', value: '' }]);
  });

  it("is shown in BuildKit's tables", () => {
    expect(renderOutline(outlineOf(FILE))).toBe(`TARGET:      release
DESCRIPTION: makes all of it

BUILD ARG   VALUE     DESCRIPTION
VERSION     1.22      of the language
PART        ld
IMAGE       gold
PLATFORM
FLAGS       again
GIVEN       default
NONE

SECRET   REQUIRED
token    true
key

SSH       REQUIRED
default
work      true

CACHE MOUNT
/root/.cache
c

`);
    expect(renderOutline(outlineOf('FROM scratch\nCOPY a /\n'))).toBe('');
  });

  it("is data with BuildKit's names, without what is empty", () => {
    const text = '# A is one\nARG A=b\nFROM $A\nRUN --mount=type=ssh,required true\n';
    const file = { name: 'Dockerfile', text, lines: [] };
    const location = (line: number) => ({ ranges: [{ start: { line }, end: { line } }] });
    expect(JSON.parse(outlineJson(file, outlineOf(text)))).toEqual({
      args: [{ name: 'A', description: 'is one', value: 'b', location: location(2) }],
      ssh: [{ name: 'default', required: true, location: location(4) }],
      sources: [Buffer.from(text).toString('base64')],
    });
  });
});
