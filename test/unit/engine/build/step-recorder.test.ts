import { describe, expect, it } from 'vitest';
import { StepRecorder } from '../../../../src/engine/build/step-recorder.ts';
import { MediaType } from '../../../../src/oci/descriptor.ts';
import { digestOf } from '../../../../src/oci/digest.ts';

const layer = (name: string) => {
  const digest = digestOf(name);
  return { descriptor: { mediaType: MediaType.ociLayer, digest, size: 1 }, diffID: digest, chainID: digest };
};
const made = (name: string) => {
  const { diffID, chainID } = layer(name);
  return { layer: { diffID, chainID, size: 1, bytes: 1 }, createdAt: 1 };
};
const key = (name: string) => digestOf(`key of ${name}`);
const [base, one, two, other] = ['base', 'one', 'two', 'other'].map(layer) as [
  ReturnType<typeof layer>,
  ReturnType<typeof layer>,
  ReturnType<typeof layer>,
  ReturnType<typeof layer>,
];

describe('what a build passes on', () => {
  const recorder = new StepRecorder();
  recorder.note([key('one')], [base], made('one'));
  recorder.note([key('two')], [base, one], made('two'));
  recorder.note([key('idle')], [base, one, two], { layer: undefined, createdAt: 2 });
  recorder.note([key('other')], [base], made('other'));
  recorder.note([key('idle other')], [base, other], { layer: undefined, createdAt: 2 });
  const keysOf = (mode: 'min' | 'max') => recorder.steps(mode, [base, one, two]).map(({ keys }) => [...keys]);

  it('are the steps that the layers of the image come from, also those that changed nothing', () => {
    expect(keysOf('min')).toEqual([[key('one')], [key('two')], [key('idle')]]);
  });

  it('are all steps when all are asked for', () => {
    expect(keysOf('max')).toHaveLength(5);
  });

  it('is one step, whichever of its keys it was found by, with its own key first', () => {
    const twice = new StepRecorder();
    twice.note([key('own'), key('source')], [], made('one'));
    twice.note([key('source'), key('third')], [], made('one'));
    const steps = twice.steps('max', []);
    expect(steps.map(({ keys }) => [...keys])).toEqual([[key('own'), key('source'), key('third')]]);
  });
});
