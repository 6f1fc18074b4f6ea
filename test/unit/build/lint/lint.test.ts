// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Dockerfiles
import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../../../src/build/dockerfile/parse.ts';
import { formatFindings } from '../../../../src/build/lint/format-findings.ts';
import { type LintOptions, lintDockerfile } from '../../../../src/build/lint/lint.ts';
import { PRACTICES, RULES } from '../../../../src/build/lint/rules.ts';
import { parsePlatform } from '../../../../src/image/platform.ts';
import { parseReference } from '../../../../src/image/reference.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };

function isReference(text: string): boolean {
  try {
    return parseReference(text) !== undefined;
  } catch {
    return false;
  }
}

function lint(text: string, options: Partial<LintOptions> = {}) {
  return lintDockerfile(parseDockerfile(text, { name: 'Dockerfile' }), {
    buildArgs: {},
    contexts: [],
    platform: AMD64,
    buildPlatform: AMD64,
    parsePlatform,
    isReference,
    ...options,
  });
}

/** `RULE LINE: DETAIL` of each finding. */
const found = (text: string, options?: Partial<LintOptions>) =>
  lint(text, options).findings.map(({ rule, lines, detail }) => `${rule} ${lines[0]}: ${detail}`);

/** What is said by each rule, of a file that has one fault, and files that have none. */
const CASES: readonly [rule: string, bad: string, findings: string[], good: string[]][] = [
  [
    'StageNameCasing',
    'FROM scratch AS BadName',
    ["1: Stage name 'BadName' should be lowercase"],
    ['FROM scratch AS good-name'],
  ],
  [
    'FromAsCasing',
    'FROM scratch as a\nFROM a',
    ["1: 'as' and 'FROM' keywords' casing do not match"],
    ['from scratch as a', 'FROM scratch AS a'],
  ],
  [
    'NoEmptyContinuation',
    'FROM scratch\nCOPY a \\\n\n  b',
    ['4: Empty continuation line'],
    ['FROM scratch\nCOPY a \\\n  # b\n  c'],
  ],
  [
    'ConsistentInstructionCasing',
    'FROM scratch\nCOPY a b\ncopy c d\nCopy e f',
    [
      "3: Command 'copy' should match the case of the command majority (uppercase)",
      "4: Command 'Copy' should match the case of the command majority (uppercase)",
    ],
    ['from scratch\ncopy a b', 'arg A=1\nFROM scratch\nCOPY a b'],
  ],
  [
    'DuplicateStageName',
    'FROM scratch AS a\nFROM scratch AS a',
    ['2: Duplicate stage name "a", stage names should be unique'],
    ['FROM scratch AS a\nFROM scratch AS b'],
  ],
  [
    'ReservedStageName',
    'FROM scratch AS scratch\nFROM scratch AS context',
    [
      '1: Stage name should not use the same name as reserved stage "scratch"',
      '2: Stage name should not use the same name as reserved stage "context"',
    ],
    ['FROM scratch AS base'],
  ],
  [
    'JSONArgsRecommended',
    'FROM scratch\nCMD a b\nENTRYPOINT c',
    [
      '2: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals',
      '3: JSON arguments recommended for ENTRYPOINT to prevent unintended behavior related to OS signals',
    ],
    ['FROM scratch\nCMD ["a"]\nENTRYPOINT ["c"]', 'FROM scratch\nSHELL ["/bin/bash", "-c"]\nCMD a b'],
  ],
  [
    'MaintainerDeprecated',
    'FROM scratch\nMAINTAINER me',
    ['2: Maintainer instruction is deprecated in favor of using label'],
    ['FROM scratch\nLABEL org.opencontainers.image.authors="me"'],
  ],
  [
    'UndefinedArgInFrom',
    'ARG VERSION=1\nFROM busybox:${VERSOIN} AS a\nFROM --platform=$BULIDPLATFORM$BUILDPLATFORM busybox',
    [
      "2: FROM argument 'VERSOIN' is not declared (did you mean VERSION?)",
      "3: FROM argument 'BULIDPLATFORM' is not declared (did you mean BUILDPLATFORM?)",
    ],
    ['ARG VERSION=1\nFROM busybox:${VERSION}', 'ARG BASE\nFROM busybox${BASE:+-x}', 'FROM busybox:${V:-1}'],
  ],
  [
    'WorkdirRelativePath',
    'FROM scratch\nWORKDIR app/src\nWORKDIR other',
    ['2: Relative workdir "app/src" can have unexpected results if the base image changes'],
    ['FROM scratch AS a\nWORKDIR /app\nWORKDIR src\nFROM a\nWORKDIR more'],
  ],
  [
    'UndefinedVar',
    'FROM scratch\nARG foo\nENV HOME_DIR=/x\nCOPY $foo $bar\nCOPY $HOME_DRI /y',
    [
      "4: Usage of undefined variable '$bar'",
      "5: Usage of undefined variable '$HOME_DRI' (did you mean $HOME_DIR?)",
    ],
    ['FROM scratch\nARG foo\nENV a=1\nCOPY $foo$a $PATH/${c:-d}\nRUN $x', 'FROM unknown\nCOPY $bar /x'],
  ],
  [
    'MultipleInstructionsDisallowed',
    'FROM scratch\nCMD ["a"]\nCMD ["b"]\nHEALTHCHECK NONE\nENTRYPOINT ["c"]\nENTRYPOINT ["d"]',
    [
      '2: Multiple CMD instructions should not be used in the same stage because only the last one will be used',
      '5: Multiple ENTRYPOINT instructions should not be used in the same stage because only the last one will be used',
    ],
    ['FROM scratch AS a\nCMD ["a"]\nFROM a\nCMD ["b"]'],
  ],
  [
    'LegacyKeyValueFormat',
    'FROM scratch\nENV a b\nLABEL c d',
    [
      '2: "ENV key=value" should be used instead of legacy "ENV key value" format',
      '3: "LABEL key=value" should be used instead of legacy "LABEL key value" format',
    ],
    ['FROM scratch\nENV a=b c="d e"\nLABEL f=g'],
  ],
  [
    'RedundantTargetPlatform',
    'FROM --platform=$TARGETPLATFORM busybox',
    [
      '1: Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
    ],
    ['FROM --platform=$BUILDPLATFORM busybox', 'FROM --platform=${TARGETOS}/$TARGETARCH busybox'],
  ],
  [
    'SecretsUsedInArgOrEnv',
    'FROM scratch\nARG aws_secret_access_key\nENV DB_PASSWORD=x OTHER=1\nENV AUTH x\nARG TOKEN=a API_KEY',
    [
      '2: Do not use ARG or ENV instructions for sensitive data (ARG "aws_secret_access_key")',
      '3: Do not use ARG or ENV instructions for sensitive data (ENV "DB_PASSWORD")',
      '4: Do not use ARG or ENV instructions for sensitive data (ENV "AUTH")',
      '5: Do not use ARG or ENV instructions for sensitive data (ARG "TOKEN")',
      '5: Do not use ARG or ENV instructions for sensitive data (ARG "API_KEY")',
    ],
    ['FROM scratch\nARG PUBLIC_KEY KEY_FILE TOKEN_VERSION MONKEY AUTHOR\nENV passwords=1'],
  ],
  [
    'InvalidDefaultArgInFrom',
    'ARG TAG\nFROM busybox:${TAG}',
    ['2: Default value for ARG busybox:${TAG} results in empty or invalid base image name'],
    ['ARG TAG=1\nFROM busybox:${TAG}', 'FROM busybox:${TAG:-1}'],
  ],
  [
    'FromPlatformFlagConstDisallowed',
    'FROM --platform=linux/amd64 busybox AS a',
    ['1: FROM --platform flag should not use constant value "linux/amd64"'],
    ['FROM --platform=linux/amd64 busybox AS build_amd64', 'FROM --platform=$BUILDPLATFORM busybox'],
  ],
  [
    'ExposeProtoCasing',
    'FROM scratch\nEXPOSE 80/TcP 81/udp',
    ["2: Defined protocol '80/TcP' in EXPOSE instruction should be lowercase"],
    ['FROM scratch\nEXPOSE 80/tcp 81'],
  ],
  [
    'ExposeInvalidFormat',
    'FROM scratch\nEXPOSE 127.0.0.1:80:80 81:81 82',
    [
      "2: EXPOSE instruction should not define an IP address or host-port mapping, found '127.0.0.1:80:80'",
      "2: EXPOSE instruction should not define an IP address or host-port mapping, found '81:81'",
    ],
    ['FROM scratch\nEXPOSE 80 90-95/udp'],
  ],
  [
    'InvalidDefinitionDescription',
    '# check=experimental=all\n# not about base\nFROM scratch AS base\n# nor this\nARG A=1 B\n# nor that\nARG C',
    [
      '3: Comment for FROM should follow the format: `# base <description>`',
      '5: Comment for ARG should follow the format: `# <arg_key> <description>`',
      '7: Comment for ARG should follow the format: `# C <description>`',
    ],
    [
      '# not about base\nFROM scratch AS base',
      '# check=experimental=all\n# base is a stage\nFROM scratch AS base\n# A and more\nARG A=1\n# other\n\nARG B',
    ],
  ],
  [
    'PackageListsLeft',
    'FROM a\nRUN apt-get update && apt-get install -y b\nRUN apk add b\nRUN dnf -y install b\nRUN <<E\nyum install -y b\nE',
    [
      '2: /var/lib/apt/lists stays in the layer: rm -rf /var/lib/apt/lists/* in the same RUN, or a cache mount there',
      '3: /var/cache/apk stays in the layer: apk add --no-cache, or a cache mount there',
      '4: /var/cache/dnf stays in the layer: dnf clean all in the same RUN, or a cache mount there',
      '5: /var/cache/yum stays in the layer: yum clean all in the same RUN, or a cache mount there',
    ],
    [
      'FROM a\nRUN apt-get update && apt-get install -y b && rm -rf /tmp/x /var/lib/apt/lists/*',
      'FROM a\nRUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y b',
      'FROM a\nRUN apk add --no-cache b\nRUN dnf install -y b && dnf clean all\nRUN echo apt-get',
    ],
  ],
  [
    'PackageListsStale',
    'FROM a\nRUN apt-get -q update',
    ['2: "apt-get -q update" in a RUN of its own is cached: a later install finds packages that are gone'],
    ['FROM a\nRUN --mount=type=cache,target=/var/lib/apt/lists apt-get update'],
  ],
  [
    'DependenciesAfterSources',
    'FROM a\nCOPY . .\nRUN npm ci\nRUN npm run build',
    [
      '3: "npm ci" runs again whenever any file has changed: copy package.json and package-lock.json first, and the rest after it',
    ],
    [
      'FROM a\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\nRUN npm ci --omit=dev; npm run build',
      'FROM a\nCOPY --from=b . .\nRUN pip install -r requirements.txt',
      'FROM a\nCOPY . .\nRUN npm install left-pad',
    ],
  ],
  [
    'SeveralConcerns',
    'FROM a\nRUN apk add --no-cache nodejs && npm ci',
    ['2: This RUN has several concerns: "apk add" and "npm ci"'],
    ['FROM a\nRUN apk add --no-cache nodejs\nRUN npm ci'],
  ],
];

describe('lintDockerfile', () => {
  it.each(CASES)('finds %s', (rule, bad, findings, good) => {
    const of = (text: string) => found(text).filter((each) => each.startsWith(`${rule} `));
    expect(of(bad)).toEqual(findings.map((each) => `${rule} ${each}`));
    for (const text of good) expect([text, of(text)]).toEqual([text, []]);
  });

  it('asks the ignore file for CopyIgnoredFile, when it is asked to', () => {
    const isIgnored = (path: string) => path.endsWith('.md');
    const text =
      'FROM scratch AS a\nFROM scratch\nCOPY ./README.md /a.md b /x/\nADD https://x/a.md c.md /\nCOPY --from=a /d.md /\nCOPY . .';
    expect(found(text, { isIgnored })).toEqual([]);
    expect(found(`# check=experimental=CopyIgnoredFile\n${text}`, { isIgnored })).toEqual([
      'CopyIgnoredFile 4: Attempting to Copy file "README.md" that is excluded by .dockerignore',
      'CopyIgnoredFile 4: Attempting to Copy file "a.md" that is excluded by .dockerignore',
      'CopyIgnoredFile 5: Attempting to Add file "c.md" that is excluded by .dockerignore',
    ]);
  });

  it('knows the variables, the shell and the platform of bases that it is told of', () => {
    const config = {
      os: 'linux',
      architecture: 'arm64',
      config: { Env: ['A=1'], Shell: ['/bin/bash', '-c'] },
    };
    const text = 'FROM base\nCOPY $A $B /x/\nCMD x';
    expect(found(text, { baseOf: (name) => (name === 'base' ? { config } : undefined) })).toEqual([
      'InvalidBaseImagePlatform 1: Base image base was pulled with platform "linux/arm64", expected "linux/amd64" for current build',
      "UndefinedVar 2: Usage of undefined variable '$B'",
    ]);
    expect(found(text)).toEqual([
      'JSONArgsRecommended 3: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals',
    ]);
  });

  it('looks at all stages, also those that nothing needs', () => {
    expect(found('FROM scratch AS a\nMAINTAINER x\nFROM scratch').map((each) => each.split(' ')[0])).toEqual([
      'MaintainerDeprecated',
    ]);
  });

  it('leaves out what the file, or a comment above an instruction, wants to be left out', () => {
    const text = 'FROM scratch as A\nMAINTAINER x\nCMD y';
    expect(found(`# check=skip=all\n${text}`)).toEqual([]);
    expect(
      found(`# check=skip=StageNameCasing, FromAsCasing\n${text}`).map((each) => each.split(' ')[0]),
    ).toEqual(['MaintainerDeprecated', 'JSONArgsRecommended']);
    expect(
      found('FROM scratch\n# check=skip=JSONArgsRecommended\nCMD y\nENTRYPOINT z').map((each) =>
        each.slice(0, 21),
      ),
    ).toEqual(['JSONArgsRecommended 4']);
  });

  it('fails a build that wants it, by the rules of BuildKit', () => {
    const fails = (text: string) => lint(text).fails;
    expect(fails('# check=error=true\nFROM scratch AS A')).toBe(true);
    expect(fails('# check=skip=StageNameCasing;error=true\nFROM scratch AS A')).toBe(false);
    expect(fails('# check=error=true\nFROM a\nRUN apk add b')).toBe(false);
    expect(fails('FROM scratch AS A')).toBe(false);
  });

  it("obeys BUILDKIT_DOCKERFILE_CHECK in the place of the file's own directive", () => {
    const buildArgs = { BUILDKIT_DOCKERFILE_CHECK: 'skip=FromAsCasing;error=true' };
    const text = '# check=skip=StageNameCasing\nFROM scratch as A\nARG BUILDKIT_DOCKERFILE_CHECK';
    const { findings, fails } = lint(text, { buildArgs });
    expect(findings.map(({ rule }) => rule)).toEqual(['StageNameCasing']);
    expect(fails).toBe(true);
    expect(() => lint(text, { buildArgs: { BUILDKIT_DOCKERFILE_CHECK: 'skip' } })).toThrow(/check directive/);
  });

  it.each(['nothing=1', 'error=maybe', 'skip'])('refuses the check directive %j', (check) => {
    expect(() => lint(`# check=${check}\nFROM scratch`)).toThrow(`has "${check}", which is no option`);
  });

  it('says why a file cannot be built beside what was found before', () => {
    const { findings, error } = lint('FROM scratch AS A\nCOPY --from=nine a b\nEXPOSE x');
    expect(findings.map(({ rule }) => rule)).toEqual(['StageNameCasing']);
    expect(error?.message).toContain('Dockerfile:3:1: invalid port "x"');
  });

  it('has a case for every rule', () => {
    const elsewhere = ['CopyIgnoredFile', 'InvalidBaseImagePlatform'];
    const names = [...Object.values(RULES), ...Object.values(PRACTICES)].map(({ name }) => name);
    expect([...CASES.map(([rule]) => rule), ...elsewhere].sort()).toEqual(names.sort());
  });
});

describe('formatFindings', () => {
  const shown = (text: string) => {
    const dockerfile = parseDockerfile(text, { name: 'Dockerfile' });
    return formatFindings(dockerfile, lint(text).findings);
  };

  it('shows what docker build --check does', () => {
    expect(shown('FROM scratch\nCOPY a b\n\nCMD npm start\nUSER x\n')).toBe(
      [
        'Check complete, 1 warning has been found!',
        '',
        'WARNING: JSONArgsRecommended - https://docs.docker.com/go/dockerfile/rule/json-args-recommended/',
        'JSON arguments recommended for CMD to prevent unintended behavior related to OS signals',
        'Dockerfile:4',
        '--------------------',
        '   2 |     COPY a b',
        '   3 |',
        '   4 | >>> CMD npm start',
        '   5 |     USER x',
        '--------------------',
        '',
      ].join('\n'),
    );
  });

  it('tells practices of our own from rules of BuildKit, and counts', () => {
    expect(shown('FROM a\nRUN apk add b\nMAINTAINER me')).toContain(
      'Check complete, 2 warnings have been found!\n\nWARNING: PackageListsLeft - a practice of skiff\n',
    );
    expect(shown('FROM scratch')).toBe('Check complete, no warnings found.\n');
  });
});
