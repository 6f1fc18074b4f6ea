import { expect, it } from 'vitest';
import { parseDockerfile } from '../../../../src/build/dockerfile/parse.ts';
import { planStages } from '../../../../src/build/stages/plan-stages.ts';
import { FailedCommand, failedCommandOf } from '../../../../src/engine/build/failed-command.ts';
import { numberedInstructions } from '../../../../src/engine/build/instructions.ts';
import { planOptions } from '../../../../src/engine/build/plan-options.ts';
import { EngineError } from '../../../../src/errors.ts';

const FILE = `FROM some AS base
RUN one \\
  two
FROM some AS nobody
RUN three
FROM base
ENV A=b
`;

it('numbers the instructions of the stages that are needed, in the order of the file', () => {
  const plan = planStages(parseDockerfile(FILE, { name: 'Dockerfile' }), planOptions({}));
  expect([...numberedInstructions(plan).values()]).toEqual([
    { number: 1, total: 4, text: 'FROM some AS base' },
    { number: 2, total: 4, text: 'RUN one   two' },
    { number: 3, total: 4, text: 'FROM base' },
    { number: 4, total: 4, text: 'ENV A=b' },
  ]);
});

it('finds the command that has failed behind what is said of it', () => {
  const cause = new FailedCommand(['/bin/sh', '-c', 'exit 3'], 3);
  const placed = new EngineError('unavailable', 'Dockerfile:2:1', {
    cause: new EngineError('unavailable', 'exit code: 3', { cause }),
  });
  expect(failedCommandOf(placed)).toBe(cause);
  expect(failedCommandOf(new EngineError('invalid', 'no such file'))).toBeUndefined();
});
