import { describe, expect, it } from 'vitest';
import { BuildLines } from '../../../../src/api/build/build-lines.ts';
import type { Digest } from '../../../../src/oci/digest.ts';

const ID = `sha256:${'0123456789ab'.padEnd(64, 'c')}` as Digest;
const step = (number: number, text: string) => ({ number, total: 3, text });

/** What is told of a build in which `play` happens. */
function told(play: (lines: BuildLines) => void, isQuiet = false): object[] {
  const all: object[] = [];
  play(new BuildLines((line) => all.push(line), { isQuiet }));
  return all;
}

describe('the lines of a build', () => {
  it("are those of Docker's classic builder", () => {
    const lines = told((build) => {
      build.instruction(step(1, 'FROM some'));
      build.begin(1, { name: '[1/2] FROM docker.io/library/some' });
      build.note(1, 'sha256:…', { id: `sha256:${'a'.repeat(64)}`, current: 1, total: 5 });
      build.end(1, { kind: 'done' });
      build.instruction(step(2, 'RUN make'));
      build.begin(2, { name: '[2/2] RUN make', instruction: step(2, 'RUN make') });
      build.output(2, Buffer.from('out\n'), 'stdout');
      build.output(2, Buffer.from('err\n'), 'stderr');
      build.end(2, { kind: 'done' });
      build.instruction(step(3, 'CMD make'));
      build.built(ID, ['app:latest']);
    });
    expect(lines).toEqual([
      { stream: 'Step 1/3 : FROM some\n' },
      { status: 'Downloading', progressDetail: { current: 1, total: 5 }, id: 'aaaaaaaaaaaa' },
      { stream: 'Step 2/3 : RUN make\n' },
      { stream: 'out\n' },
      { stream: '\u001b[91merr\n\u001b[0m' },
      { stream: 'Step 3/3 : CMD make\n' },
      { stream: ' ---> 0123456789ab\n' },
      { aux: { ID } },
      { stream: 'Successfully built 0123456789ab\n' },
      { stream: 'Successfully tagged app:latest\n' },
    ]);
  });

  it('say again whose turn it is when a stage beside it has spoken, and never half a character', () => {
    const [run, other] = [step(2, 'RUN one'), step(3, 'RUN two')];
    const bytes = Buffer.from('é\n');
    const lines = told((build) => {
      for (const [number, instruction] of [
        [1, run],
        [2, other],
      ] as const) {
        build.instruction(instruction);
        build.begin(number, { name: instruction.text, instruction });
      }
      build.output(1, bytes.subarray(0, 1), 'stdout');
      build.output(2, Buffer.from('two\n'), 'stdout');
      build.output(1, bytes.subarray(1), 'stdout');
      build.end(2, { kind: 'cached' });
    });
    expect(lines.map((line) => (line as { stream: string }).stream)).toEqual([
      'Step 2/3 : RUN one\n',
      'Step 3/3 : RUN two\n',
      'two\n',
      'Step 2/3 : RUN one\n',
      'é\n',
      'Step 3/3 : RUN two\n',
      ' ---> Using cache\n',
    ]);
  });

  it('of a quiet one are its id, and all of them when it fails', () => {
    const instruction = step(1, 'RUN false');
    const quiet = (end: (build: BuildLines) => void) =>
      told((build) => {
        build.instruction(instruction);
        build.warn('something');
        end(build);
      }, true);
    expect(quiet((build) => build.built(ID, ['app:latest']))).toEqual([{ stream: `${ID}\n` }]);
    expect(quiet((build) => build.tellHeld())).toEqual([
      { stream: 'Step 1/3 : RUN false\n' },
      { stream: '[Warning] something\n' },
    ]);
  });

  it('of a quiet one that fails are the last million characters, however much it has written', () => {
    const instruction = step(1, 'RUN yes');
    const piece = Buffer.alloc(1 << 16, 'a');
    const lines = told((build) => {
      build.instruction(instruction);
      build.begin(1, { name: '[2/3] RUN yes', instruction });
      for (let count = 0; count < 100; count += 1) build.output(1, piece, 'stdout');
      build.output(1, Buffer.from('the end'), 'stdout');
      build.tellHeld();
    }, true) as { stream: string }[];
    expect(lines.at(-1)).toEqual({ stream: 'the end' });
    expect(lines.reduce((sum, { stream }) => sum + stream.length, 0)).toBeLessThanOrEqual(1 << 20);
    expect(lines.length).toBeGreaterThan(10);
  });
});
