import { describe, expect, it } from 'vitest';
import { errorAnswer } from '../../../../src/api/http/status.ts';
import { EngineError } from '../../../../src/errors.ts';

describe('the answer to a failure', () => {
  it("has the status of its kind, and Docker's words", () => {
    const error = new EngineError('notFound', 'no such image: app:1', {
      subject: 'app:1',
      failure: 'noSuchImage',
      remedy: 'skiff images lists them',
    });
    expect(errorAnswer(error)).toEqual({ status: 404, body: { message: 'No such image: app:1' } });
  });

  it('is a 500 with its message for what nobody has foreseen', () => {
    expect(errorAnswer(new TypeError('x is not a function'))).toEqual({
      status: 500,
      body: { message: 'skiff has failed: x is not a function' },
    });
  });
});
