import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../../src/build/lint/findings.ts';
import {
  checkJson,
  renderCheck,
  renderTargets,
  renderWarnings,
  targetsJson,
} from '../../../../src/cli/output/build-check.ts';
import type { CheckedDockerfile } from '../../../../src/engine/build/checked.ts';
import { EngineError } from '../../../../src/errors.ts';

const text = 'FROM scratch\nCMD run\n';
const file = { name: 'Dockerfile', text, lines: ['FROM scratch', 'CMD run', ''] };
const RULE: Finding = {
  rule: 'JSONArgsRecommended',
  description: 'JSON arguments recommended',
  url: 'https://rules.example/json',
  detail: 'JSON arguments recommended for CMD',
  lines: [2, 2],
};
const PRACTICE: Finding = { ...RULE, rule: 'SeveralConcerns', url: undefined, lines: [1, 2] };
const checked: CheckedDockerfile = { file, findings: [PRACTICE, RULE], error: undefined, fails: false };
const wrong = new EngineError('invalid', 'Dockerfile:2:1: unknown instruction: CMDD\n   2 | >>> CMDD run');

describe('a check', () => {
  it('has the findings of all rules as JSON, with the names that Docker gives to them', () => {
    expect(JSON.parse(checkJson(checked))).toEqual({
      warnings: [
        expect.objectContaining({ ruleName: 'SeveralConcerns' }),
        {
          ruleName: 'JSONArgsRecommended',
          description: 'JSON arguments recommended',
          url: 'https://rules.example/json',
          detail: 'JSON arguments recommended for CMD',
          location: { ranges: [{ start: { line: 2 }, end: { line: 2 } }] },
        },
      ],
      sources: [
        { filename: 'Dockerfile', data: Buffer.from(text).toString('base64'), language: 'Dockerfile' },
      ],
    });
  });

  it('says of a wrong file what is wrong, and never that nothing was found', () => {
    const failed = { ...checked, findings: [], error: wrong };
    expect(renderCheck(failed)).toBe('');
    expect(JSON.parse(checkJson(failed))).toMatchObject({
      warnings: [],
      buildError: {
        message: 'Dockerfile:2:1: unknown instruction: CMDD',
        location: { ranges: [{ start: { line: 2 }, end: { line: 2 } }] },
      },
    });
    expect(renderCheck({ ...checked, error: wrong })).toMatch(/^Check complete, 2 warnings have been found!/);
  });

  it('lets nothing of the file command a terminal', () => {
    const detail = 'an \u001b[31m escape';
    expect(renderCheck({ ...checked, findings: [{ ...RULE, detail }] })).not.toContain('\u001b');
  });
});

describe('the warnings behind a build', () => {
  it("are those of BuildKit's rules, each in a line", () => {
    expect(renderWarnings(checked, { debug: false })).toBe(
      `
 1 warning found (use --debug to expand):
 - JSONArgsRecommended: JSON arguments recommended for CMD (line 2)
`,
    );
    expect(renderWarnings({ ...checked, findings: [RULE, RULE] }, { debug: false })).toContain(
      ' 2 warnings found (',
    );
    expect(renderWarnings({ ...checked, findings: [PRACTICE] }, { debug: false })).toBe('');
  });

  it('say with --debug where it is explained and which lines are meant', () => {
    expect(renderWarnings(checked, { debug: true })).toBe(
      `
 1 warning found:
 - JSONArgsRecommended: JSON arguments recommended for CMD (line 2)
JSON arguments recommended
More info: https://rules.example/json
Dockerfile:2
--------------------
   1 |     FROM scratch
   2 | >>> CMD run
   3 |
--------------------

`,
    );
  });
});

describe('the stages to ask for', () => {
  const first = {
    name: 'base',
    isDefault: false,
    description: undefined,
    base: 'scratch',
    platform: undefined,
    lines: [1, 1] as const,
  };
  const last = { ...first, name: undefined, isDefault: true };

  it('are listed with what their comments say', () => {
    expect(renderTargets([{ ...first, description: 'what all have' }, last])).toBe(
      'TARGET    DESCRIPTION\nbase      what all have\n(default)\n',
    );
  });

  it('have their platform and their place as JSON', () => {
    const platform = { os: 'linux', architecture: 'arm64' };
    expect(JSON.parse(targetsJson(file, [{ ...first, platform }, last])).targets).toEqual([
      {
        name: 'base',
        base: 'scratch',
        platform: 'linux/arm64',
        location: { ranges: [{ start: { line: 1 }, end: { line: 1 } }] },
      },
      expect.objectContaining({ default: true }),
    ]);
  });
});
