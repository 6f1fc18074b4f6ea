import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseStateRecord } from '../../src/runtime/monitor/records.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { imageLayout, pushImages, referenceOf } from '../helpers/image-layouts.ts';
import { LONG } from '../helpers/long.ts';
import { startRegistry } from '../helpers/registry.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const busybox = useBusybox(store);

/** Something that keeps rows in a volume, as scripts of sh. */
interface Database {
  image: string;
  options: readonly string[];
  /** What the container runs. */
  serve: string;
  /** Writes one row after the other without end, and tells its number when the row is safe. */
  write: string;
  /** Prints the numbers of all rows that there are. */
  read: string;
}

describe('a database on a named volume', () => {
  it('that writes and syncs a file has every row that it promised, whoever is killed', async () => {
    await survivesEverybody({
      image: busybox,
      options: ['-v', 'rows:/data'],
      serve: 'sleep 1000',
      write: `n=0; while :; do
        n=$((n+1)); echo $n | dd of=/data/rows oflag=append conv=notrunc,fsync 2>/dev/null && echo $n
      done`,
      read: 'cat /data/rows',
    });
  });

  it.runIf(LONG)(
    'that is PostgreSQL has every row that it promised, whoever is killed',
    async () => {
      imageLayout('postgresql');
      const registry = await startRegistry();
      const image = referenceOf(registry, 'postgresql');
      try {
        await pushImages(registry, ['postgresql']);
        await store.ok(['pull', '-q', image]);
      } finally {
        await registry.stop();
      }
      const cluster = 'set -- /usr/lib/postgresql/*/bin /etc/postgresql/*/main/postgresql.conf';
      const sql = (text: string) => `psql -qAtc "${text}"`;
      await survivesEverybody({
        image,
        // The volume begins with the cluster of the image.
        options: ['-v', 'cluster:/var/lib/postgresql', '-u', 'postgres'],
        serve: `${cluster}; exec $1/postgres -c config_file=$2 -c ssl=off -c listen_addresses=`,
        write: `until ${sql('create table rows (n int)')}; do :; done
        n=0; while :; do n=$((n+1)); ${sql('insert into rows values ($n)')} && echo $n; done`,
        read: `until ${sql('select 1')} > /dev/null; do :; done; ${sql('select n from rows')}`,
      });
    },
    1_200_000,
  );
});

const WANTED = 20;

/** Kills client, monitor and first process at once while rows are written, and looks from a new container. */
async function survivesEverybody({ image, options, serve, write, read }: Database): Promise<void> {
  const client = store.start(['run', '--name', 'first', ...options, image, 'sh', '-c', serve]);
  const running = store.start(['events', '--since', '1h', '--filter', 'event=start', '--format', '{{.ID}}']);
  let id = '';
  for await (const line of running) {
    id = String(line).trim();
    break;
  }
  running.kill();
  await running;
  const writing = store.start(['exec', 'first', 'sh', '-c', write]);
  let promised = 0;
  for await (const line of writing) {
    promised = Number(line);
    if (promised === WANTED) killAll(client.pid, id);
  }
  await Promise.all([client, writing]);
  expect(promised).toBeGreaterThanOrEqual(WANTED);
  await store.ok(['rm', '-f', 'first']);
  await store.ok(['run', '-d', '--name', 'second', ...options, image, 'sh', '-c', serve]);
  const rows = (await store.ok(['exec', 'second', 'sh', '-c', read])).split('\n').map(Number);
  const all = Array.from({ length: promised }, (_, index) => index + 1);
  // One row more may have been written, of which nobody was told.
  expect(rows.slice(0, promised)).toEqual(all);
  expect(rows.length - promised).toBeLessThanOrEqual(1);
  await store.ok(['rm', '-f', 'second']);
}

function killAll(client: number | undefined, id: string): void {
  const file = join(store.runRoot, id, 'state');
  const state = existsSync(file) ? parseStateRecord(readFileSync(file, 'utf8')) : undefined;
  for (const pid of [client, state?.monitor.pid, state?.init.pid]) {
    if (pid === undefined) throw new Error('there is nobody to kill');
    process.kill(pid, 'SIGKILL');
  }
}
