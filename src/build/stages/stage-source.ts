import { meant } from '../dockerfile/complaint.ts';
import type { Evaluation } from './evaluation.ts';
import type { BuildPlan, Source, StagePlan } from './step.ts';

/** What names are looked up in. */
export interface Names {
  stages: readonly Pick<StagePlan, 'index' | 'name'>[];
  scope: Pick<BuildPlan['scope'], 'contexts'>;
}

/** Stages that may be asked for by a name or a number; the last of a name counts. */
export function stageNamed(stages: Names['stages'], text: string): number | undefined {
  const lower = text.toLowerCase();
  const named = stages.findLast(({ name }) => name === lower);
  if (named !== undefined) return named.index;
  return /^\d+$/.test(text) ? stages[Number(text)]?.index : undefined;
}

/**
 * What `--from` and `from=` name: a stage before this one, a context that the user gave, or an image; nothing at all is
 * the build's context. Throws `invalid` for a stage that stands behind, for this one, and for a number that no stage has.
 */
export function sourceNamed(
  one: Evaluation,
  { stages, scope }: Names,
  own: number,
  text: string,
  flag: string,
): Source {
  if (text === '') return { kind: 'context' };
  const at = one.flagAt(flag);
  if (one.expand(text) !== text)
    throw one.wrong('a variable cannot stand in --from', {
      at,
      hint: 'name a stage whose FROM has the variable, which is declared before the first FROM',
    });
  const index = stageNamed(stages.slice(0, own), text);
  if (index !== undefined) return { kind: 'stage', index };
  const later = stageNamed(stages, text);
  if (later !== undefined || /^\d+$/.test(text)) {
    const what = later === own ? 'is this very stage' : 'has to stand before this stage';
    const names = stages.slice(0, own).flatMap(({ name }) => name ?? []);
    const message = later === undefined ? `there is no stage ${text}` : `the stage "${text}" ${what}`;
    throw one.wrong(message, { at, hint: meant(text, names) });
  }
  return namedSource(text, scope.contexts);
}

/** What a name that is no stage's stands for. */
export function namedSource(text: string, contexts: readonly string[]): Source {
  if (text === 'scratch') return { kind: 'scratch' };
  const context = contextNamed(text, contexts);
  return context === undefined ? { kind: 'image', reference: text } : { kind: 'context', name: context };
}

/** The context that stands in for an image or a stage: `alpine` also does for `docker.io/library/alpine:latest`. */
export function contextNamed(text: string, contexts: readonly string[]): string | undefined {
  const wanted = familiar(text);
  return contexts.find((name) => familiar(name) === wanted);
}

function familiar(name: string): string {
  return name
    .toLowerCase()
    .replace(/^(index\.)?docker\.io\//, '')
    .replace(/^library\//, '')
    .replace(/:latest$/, '');
}
