import { describe, expect, it } from 'vitest';
import { errorAnswer } from '../../../../src/api/http/status.ts';
import { EngineError } from '../../../../src/errors.ts';

describe('the answer to a failure', () => {
  it('has the words by which clients know what is missing, and the hint', () => {
    const error = new EngineError('notFound', 'no such image: app:1', { hint: 'skiff images lists them' });
    expect(errorAnswer(error)).toEqual({
      status: 404,
      body: { message: 'No such image: app:1 (skiff images lists them)' },
    });
  });

  it('has the hint on a line of its own after lines of a file', () => {
    const error = new EngineError('invalid', 'Dockerfile:1:1: wrong\n   1 | >>> RUM', { hint: 'write RUN' });
    expect(errorAnswer(error).body.message).toBe('Dockerfile:1:1: wrong\n   1 | >>> RUM\n(write RUN)');
  });

  it('is a 500 with its message for what nobody has foreseen', () => {
    expect(errorAnswer(new TypeError('x is not a function'))).toEqual({
      status: 500,
      body: { message: 'skiff has failed: x is not a function' },
    });
  });
});
