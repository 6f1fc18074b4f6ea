import type {
  ExplainedBuild,
  ExplainedImage,
  ExplainedMount,
  ExplainedRun,
  ExplainedStage,
  ExplainedStep,
} from '../../engine/explain/explained-build.ts';
import { fact, line, renderSheet, type SheetLine, type SheetSection } from '../text/sheet.ts';
import { humanSize } from '../text/units.ts';

/** What a build would do, in sections for people. */
export function renderBuild(explained: ExplainedBuild): string {
  const { images, stages } = explained;
  const built = stages.filter(({ isNeeded }) => isNeeded);
  const skipped = stages.filter(({ isNeeded }) => !isNeeded);
  const sheet = renderSheet([
    { title: 'Build', lines: buildLines(explained) },
    { title: 'Images', lines: images.map(imageLine) },
    ...built.map((stage) => stageSection(stage, explained.target)),
    {
      title: 'Stages that nothing needs',
      lines: skipped.map(({ name, line: at }) => line([name, `line ${at}`])),
    },
  ]);
  return `Nothing of this is done. Steps with * are done anew; with ? it depends on steps before.\n\n${sheet}`;
}

function buildLines({ dockerfile, platform, target, stages }: ExplainedBuild): SheetLine[] {
  return [
    ...fact('dockerfile', dockerfile),
    ...fact('platform', platform),
    ...fact('target', target),
    ...fact('steps', countText(stages.flatMap(({ steps }) => steps))),
  ];
}

function countText(steps: readonly ExplainedStep[]): string {
  const count = (...states: ExplainedStep['state'][]) =>
    steps.filter(({ state }) => states.includes(state)).length;
  const counts = [
    [count('cached'), 'from the cache'],
    [count('done'), 'done'],
    [count('shared'), 'done by another'],
    [count('unknown'), 'not known yet'],
  ] as const;
  const texts = counts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return texts.length === 0 ? 'none that makes files' : texts.join(', ');
}

function imageLine({ name, state, pull }: ExplainedImage): SheetLine {
  if (pull === undefined) return line([name, state === 'here' ? 'is here' : 'comes with this program']);
  const { layers, download } = pull;
  const missing = layers.filter((layer) => layer.state === 'missing').length;
  const what = missing === 0 ? 'all its layers are here' : `${missing} of ${layers.length} layers`;
  return line([name, `is pulled: ${what}${missing === 0 ? '' : `, ${humanSize(download)}`}`], true);
}

function stageSection(
  { name, line: at, from, neededBy, steps }: ExplainedStage,
  target: string,
): SheetSection {
  const needed = neededBy.length === 0 ? [] : [`needed by ${neededBy.join(', ')}`];
  const why = [...(name === target ? ['the target'] : []), ...needed];
  return {
    title: `Stage ${name}, line ${at}, on ${from}: ${why.join(', ')}`,
    // A section without lines would not be shown.
    lines:
      steps.length === 0
        ? [line(['has no steps'])]
        : steps.flatMap((step, index) => stepLines(step, steps.slice(0, index))),
  };
}

const STATES: Readonly<Record<ExplainedStep['state'], string>> = {
  cached: 'cached',
  done: '*',
  shared: 'shared',
  unknown: '?',
  config: '',
};

/** What is unknown for the same reason as a step before says so once. */
function stepLines(
  { label = '', text, state, why, from, run }: ExplainedStep,
  before: readonly ExplainedStep[],
): SheetLine[] {
  const isSaid = state === 'unknown' && before.some((each) => each.why === why);
  const origin = from === undefined ? [] : [`from the cache ${from}`];
  const about = [
    ...(why === undefined || isSaid ? [] : [why]),
    ...origin,
    ...(run === undefined ? [] : runTexts(run)),
  ];
  return [line([label, STATES[state], text]), ...about.map((each) => line(['', '', `  ${each}`]))];
}

function runTexts({ network, security, mounts }: ExplainedRun): string[] {
  return [
    ...(network === 'default' ? [] : [`network ${network}`]),
    ...(security === 'sandbox' ? [] : ['security insecure: all rights']),
    ...mounts.map(mountText),
  ];
}

function mountText({ type, id, target, environment, from }: ExplainedMount): string {
  return [
    type,
    ...(id === undefined || id === target ? [] : [id]),
    ...(target === undefined ? [] : [`on ${target}`]),
    ...(environment === undefined ? [] : [`in ${environment}`]),
    ...(from === undefined ? [] : [`from ${from}`]),
  ].join(' ');
}
