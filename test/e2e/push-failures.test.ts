import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { LONG } from '../helpers/long.ts';
import { useStore } from '../helpers/skiff.ts';
import { cutChunks, UPLOAD_MISBEHAVIOURS, type UploadMisbehaviour } from '../helpers/upload-faults.ts';
import { UploadRegistry } from '../helpers/upload-registry.ts';

/**
 * What test/unit/registry/upload-failures does with the client alone, under the other JavaScript runtime and with a store: Bun
 * has its own words for a connection that breaks.
 */

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const busybox = useBusybox(store);
const registry = new UploadRegistry();
const other = new UploadRegistry();
let name = '';

beforeAll(async () => {
  await Promise.all([registry.start(), other.start()]);
  name = `${registry.host}/app:1`;
  // More than one chunk.
  await store.ok(['run', '--name', 'maker', busybox, 'sh', '-c', 'head -c 9000000 /dev/urandom > /noise']);
  await store.ok(['commit', 'maker', name]);
});
afterAll(() => Promise.all([registry.stop(), other.stop()]));
afterEach(async () => {
  registry.faults = [];
  registry.headers = {};
  registry.isGuarded = false;
  registry.blobs.clear();
  registry.requests.splice(0);
});

const CUT: UploadMisbehaviour = {
  what: 'cuts the connection at every tenth of a blob',
  arrange: () => {
    registry.faults = [cutChunks(10, 900_000)];
  },
};

/** Of each kind one that does not wait for a registry that is busy. */
const SHORT = /lost an upload|another registry|tokens|has no room/;

const rows = [CUT, ...UPLOAD_MISBEHAVIOURS].filter(({ what }) => LONG || SHORT.test(what));

describe('a push to a registry that', () => {
  it.each(rows)(
    '$what goes through, or ends with a clear error and can be repeated',
    async ({ arrange, refused }) => {
      arrange(registry, other);
      const { code, stderr } = await store.skiff(['push', name]);
      if (refused === undefined) expect([code, stderr]).toEqual([0, '']);
      else {
        expect(code).toBeGreaterThan(0);
        expect(stderr).toMatch(refused);
        expect(stderr).toMatch(/^skiff: [^\n]+\n(hint: [^\n]+\n)?$/);
      }
      expect(other.authorizations.filter((header) => header !== undefined)).toEqual([]);
      registry.faults = [];
      registry.headers = {};
      expect((await store.skiff(['push', name])).code).toBe(0);
      expect(readdirSync(join(store.root, 'tmp'))).toEqual([]);
      expect(await store.ok(['system', 'check'])).toBe('The store has all that it should.');
    },
    120_000,
  );
});
