import { expect, it } from 'vitest';
import { SharedAnswers } from '../../../../src/api/http/shared-answers.ts';

/** Finds the number of times that it was asked; each time it waits until it is let go on. */
function counter() {
  const gates: PromiseWithResolvers<void>[] = [];
  const begun: PromiseWithResolvers<void>[] = [];
  const at = (list: PromiseWithResolvers<void>[], index: number) => {
    list[index] ??= Promise.withResolvers<void>();
    return list[index];
  };
  let count = 0;
  return {
    async find(): Promise<number> {
      const own = count;
      count += 1;
      at(begun, own).resolve();
      await at(gates, own).promise;
      return count;
    },
    begun: (index: number) => at(begun, index).promise,
    letGo: (index: number) => at(gates, index).resolve(),
    count: () => count,
  };
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

it('what many ask at once is found once, and each question by itself', async () => {
  const answers = new SharedAnswers();
  const [one, other] = [counter(), counter()];
  one.letGo(0);
  other.letGo(0);
  const all = await Promise.all([
    answers.ask('/containers/json', one.find),
    answers.ask('/containers/json', one.find),
    answers.ask('/images/json', other.find),
    answers.ask('/containers/json', one.find),
  ]);
  expect(all.map(text)).toEqual(['1\n', '1\n', '1\n', '1\n']);
  expect([one.count(), other.count()]).toEqual([1, 1]);
});

it('an answer that was begun before the question is not joined: what has changed meanwhile is seen', async () => {
  const answers = new SharedAnswers();
  const asked = counter();
  const first = answers.ask('/containers/json', asked.find);
  await asked.begun(0);
  const later = [answers.ask('/containers/json', asked.find), answers.ask('/containers/json', asked.find)];
  asked.letGo(1);
  asked.letGo(0);
  await first;
  expect((await Promise.all(later)).map(text)).toEqual(['2\n', '2\n']);
  expect(asked.count()).toBe(2);
});

it('a failure is that of all who have asked with it, and of nobody after', async () => {
  const answers = new SharedAnswers();
  let tries = 0;
  const find = async () => {
    tries += 1;
    if (tries === 1) throw new Error('not now');
    return 'now';
  };
  const both = await Promise.allSettled([answers.ask('/info', find), answers.ask('/info', find)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(text(await answers.ask('/info', find))).toBe('"now"\n');
});
