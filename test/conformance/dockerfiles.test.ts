import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../src/build/dockerfile/parse.ts';
import { evaluate } from '../../src/build/stages/evaluate.ts';
import { openStage } from '../../src/build/stages/open-stage.ts';
import { type PlanOptions, planStages } from '../../src/build/stages/plan-stages.ts';
import type { BuildPlan, Source, StagePlan, StageState, Step } from '../../src/build/stages/step.ts';
import { EngineError } from '../../src/errors.ts';
import { formatPlatform, parsePlatform } from '../../src/image/platform.ts';
import type { ExecutionConfig } from '../../src/oci/image-config.ts';

/*
 * Dockerfiles and what they become: the steps of each stage that is needed with the history's words, and the config of the
 * result; or the message that refuses them. A case begins with `##### TITLE`; `##### options JSON` is what is given besides
 * the file (of bases: their configs), `##### becomes` what is expected.
 */
const CORPUS = join(import.meta.dirname, 'dockerfiles');
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const AMD64 = { os: 'linux', architecture: 'amd64' };

interface Case {
  title: string;
  options: Partial<PlanOptions> & { bases?: Record<string, ExecutionConfig> };
  text: string;
  expected: string;
}

function casesOf(file: string): Case[] {
  const parts = readFileSync(join(CORPUS, file), 'utf8').split(/^##### (?!options |becomes$)/m);
  return parts.slice(1).map((part) => {
    const [, title = '', options = '{}', text = '', expected = ''] =
      /^(.*)\n(?:##### options (.*)\n)?([\s\S]*?)(?:##### becomes\n([\s\S]*))?$/.exec(part) ?? [];
    return { title, options: JSON.parse(options), text, expected };
  });
}

function becomes({ text, options }: Case): string {
  const { bases = {}, ...others } = options;
  try {
    const dockerfile = parseDockerfile(text, { name: 'Dockerfile' });
    const plan = planStages(dockerfile, {
      buildArgs: {},
      contexts: [],
      platform: AMD64,
      buildPlatform: AMD64,
      parsePlatform,
      ...others,
    });
    return shownPlan(plan, bases);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return [`refused: ${error.message}`, ...(error.hint === undefined ? [] : [`hint: ${error.hint}`])].join(
      '\n',
    );
  }
}

function shownPlan(plan: BuildPlan, bases: Record<string, ExecutionConfig>): string {
  const states = new Map<number, StageState>();
  const lines: string[] = [];
  for (const index of plan.needed) {
    const stage = plan.stages[index] as StagePlan;
    const open = openStage(plan, stage, baseOf(stage.base, states, bases));
    lines.push(shownStage(stage, open.needs));
    let { state } = open;
    for (const instruction of open.instructions) {
      const evaluated = evaluate(plan, stage, state, instruction);
      state = evaluated.state;
      lines.push(...shownStep(evaluated.step));
    }
    states.set(index, state);
  }
  const { config, author } = states.get(plan.target)?.config ?? {};
  const Env = config?.Env?.filter((entry) => entry !== PATH);
  lines.push(`config ${JSON.stringify(withoutDefaults({ ...config, Env, author }))}`);
  if (plan.unusedArguments.length > 0) lines.push(`unused ${plan.unusedArguments.join(' ')}`);
  return lines.join('\n');
}

function baseOf(base: Source, states: Map<number, StageState>, bases: Record<string, ExecutionConfig>) {
  if (base.kind === 'scratch') return undefined;
  if (base.kind === 'stage') return states.get(base.index);
  const config = base.kind === 'image' ? bases[base.reference] : undefined;
  return { config: { ...AMD64, config: config ?? { Env: [PATH] } } };
}

function shownStage(stage: StagePlan, triggers: readonly number[]): string {
  const { index, name, base, platform, needs } = stage;
  return [
    `stage ${index}`,
    ...(name === undefined ? [] : [`"${name}"`]),
    `on ${shownSource(base)}`,
    ...(platform === undefined ? [] : [`for ${formatPlatform(platform)}`]),
    ...(needs.length === 0 ? [] : [`needs ${needs.join(', ')}`]),
    ...(triggers.length === 0 ? [] : [`triggers need ${triggers.join(', ')}`]),
  ].join(' ');
}

function shownSource(source: Source): string {
  if (source.kind === 'stage') return `stage ${source.index}`;
  if (source.kind === 'image') return `image ${source.reference}`;
  return source.kind === 'context' ? `context ${source.name ?? ''}`.trim() : source.kind;
}

/** The history's words; what is shown meanwhile when that is not what is written; what is done. */
function shownStep(step: Step): string[] {
  const { kind, instruction, text, createdBy, ...details } = step;
  const shown = { ...details } as Record<string, unknown>;
  if ('environment' in step) shown.environment = step.environment.filter((entry) => entry !== PATH);
  if ('from' in step) shown.from = step.from.kind === 'context' && !step.from.name ? undefined : step.from;
  const what = withoutDefaults(shown);
  return [
    `  ${createdBy === undefined ? '-' : createdBy.replaceAll('\n', '\\n')}`,
    ...(text === instruction.line ? [] : [`    as ${text}`]),
    ...(kind === 'config' ? [] : [`    ${kind} ${JSON.stringify(what)}`]),
  ];
}

/** What says something: no empty lists, nothing that is off, and not the usual. */
function withoutDefaults(value: object): object {
  const usual: Readonly<Record<string, unknown>> = {
    network: 'default',
    security: 'sandbox',
    workingDirectory: '/',
  };
  const isSaid = ([name, item]: [string, unknown]) =>
    item !== undefined &&
    item !== false &&
    item !== usual[name] &&
    !(Array.isArray(item) && item.length === 0);
  return Object.fromEntries(Object.entries(value).filter((entry) => isSaid(entry) || entry[0] === 'Cmd'));
}

const files = readdirSync(CORPUS);

describe.each(files)('%s', (file) => {
  it.each(casesOf(file).map((each) => [each.title, each] as const))('%s', (_title, each) => {
    expect(becomes(each)).toBe(each.expected.trimEnd());
  });
});

describe('the corpus', () => {
  const cases = files.flatMap(casesOf);

  it('has more than 100 Dockerfiles, each under a title of its own, and says what each becomes', () => {
    expect(cases.length).toBeGreaterThan(100);
    expect(new Set(cases.map(({ title }) => title)).size).toBe(cases.length);
    expect(cases.filter(({ expected }) => expected === '').map(({ title }) => title)).toEqual([]);
  });

  it('refuses what is in refused.txt and nothing else', () => {
    for (const file of files) {
      const refused = casesOf(file).filter(({ expected }) => expected.startsWith('refused: '));
      expect([file, refused.length]).toEqual([file, file === 'refused.txt' ? casesOf(file).length : 0]);
    }
  });
});
