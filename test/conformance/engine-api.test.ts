import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ABSENT_ROUTES } from '../../src/api/absent/routes.ts';
import type { Route } from '../../src/api/http/route.ts';
import { ROUTES } from '../../src/api/routes.ts';
import { ApiSource } from '../helpers/api-reads.ts';
import { endpointTable } from '../helpers/endpoint-table.ts';
import { BEYOND, DOCUMENTED, operationKey } from './engine-api.ts';

const DOCUMENT = join(import.meta.dirname, '../../src/api/API.md');
const MARK = '<!-- made from the routes: .ci/run test/conformance/engine-api.test.ts -u -->\n';

const routed = new Map(ROUTES.map((route) => [operationKey(route.method, route.path), route]));

/** What a route says of parameters and headers that it says more of than there are. */
function namesOf({ query = {}, headers = [] }: Route): string[] {
  return [...Object.keys(query), ...headers];
}

/** What is neither refused nor, on purpose, of no effect. */
function readParameters({ query = {} }: Route): string[] {
  return Object.entries(query).flatMap(([name, parameter]) =>
    typeof parameter === 'string' || (parameter.refused ?? parameter.differs) === undefined ? name : [],
  );
}

function known(table: typeof DOCUMENTED, key: string): string[] {
  const { parameters = [], headers = [] } = table.get(key) ?? {};
  return [...parameters, ...headers];
}

describe("Docker's Engine API 1.51", () => {
  it('has a route for every operation', () => {
    const missing = [...DOCUMENTED.keys()].filter((key) => !routed.has(key));
    expect(missing).toEqual([]);
  });

  it('has every parameter and header read, refused or different on purpose', () => {
    const missing = [...routed.keys()].flatMap((key) => {
      const route = routed.get(key);
      if (route === undefined || route.refused !== undefined) return [];
      const declared = namesOf(route);
      const names = [...known(DOCUMENTED, key), ...known(BEYOND, key)];
      return names.filter((name) => !declared.includes(name)).map((name) => `${key}: ${name}`);
    });
    expect(missing).toEqual([]);
  });

  it('has no parameter and no header that is taken and not read', async () => {
    const source = new ApiSource();
    const unread = await Promise.all(
      ROUTES.map(async (route) => {
        const text = source.textOf((await route.load()).name).toLowerCase();
        const names = [...readParameters(route), ...(route.headers ?? [])];
        const isRead = (name: string) =>
          text.includes(`'${name.toLowerCase()}'`) || (name === 'filters' && text.includes('.filters()'));
        return names
          .filter((name) => !isRead(name))
          .map((name) => `${operationKey(route.method, route.path)}: ${name}`);
      }),
    );
    expect(unread.flat()).toEqual([]);
  });

  it('has nothing here that nobody knows of', () => {
    const unknown = ROUTES.flatMap((route) => {
      const key = operationKey(route.method, route.path);
      if (!DOCUMENTED.has(key) && !BEYOND.has(key)) return [key];
      const names = [...known(DOCUMENTED, key), ...known(BEYOND, key)];
      return namesOf(route)
        .filter((name) => !names.includes(name))
        .map((name) => `${key}: ${name}`);
    });
    expect(unknown).toEqual([]);
  });

  it('has no swarm and no plugins here, and no endpoint of theirs elsewhere', () => {
    const kinds = /^\/(swarm|services|tasks|nodes|secrets|configs|plugins)(\/|$)/;
    expect(ROUTES.filter(({ path }) => kinds.test(path))).toEqual(ABSENT_ROUTES);
    expect(ABSENT_ROUTES.filter(({ path }) => !kinds.test(path))).toEqual([]);
  });

  it('has each operation once', () => {
    expect(routed.size).toBe(ROUTES.length);
  });

  it('is told of in API.md as it is', async () => {
    const [introduction = ''] = readFileSync(DOCUMENT, 'utf8').split(MARK);
    await expect(`${introduction}${MARK}${endpointTable(ROUTES)}`).toMatchFileSnapshot(DOCUMENT);
  });
});
