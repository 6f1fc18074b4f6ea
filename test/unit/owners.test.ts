import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SOURCE = resolve(import.meta.dirname, '../../src');

interface Owned {
  what: string;
  pattern: RegExp;
  /** Files and folders of `src` that say it. */
  owners: readonly string[];
  /** Where the same text means something else. */
  outside?: readonly string[];
}

/** What has one owner each, by a pattern of what nobody else writes. */
const OWNED: readonly Owned[] = [
  {
    what: 'that a file may be missing',
    pattern: /\(\w+ as NodeJS\.ErrnoException[^)]*\)\??\.code [!=]== 'ENOENT'/,
    owners: ['host/missing.ts'],
  },
  {
    what: 'how a process is written and read',
    pattern: /\$\{\w*\.?pid\} \$\{|\[pid, startTime\]/,
    owners: ['host/process.ts'],
  },
  {
    what: 'where a container has its directories and marks',
    pattern: /join\((\w+\.)*(run|containers|gone|names), |\$\{(\w+\.)*(run|containers|gone|names)\}\//,
    owners: ['host/paths.ts', 'engine/store/container-paths.ts'],
  },
  {
    what: "what a container's files are called",
    pattern:
      /(join\(.*, '|\}\/)(config\.json|hosts|hostname|resolv\.conf|localtime|upper|work|rootfs|log|exit|plan|state|ctl|health|monitor-cgroups|event-attributes|exec|networks|ports|resolver-rules)['`]/,
    owners: ['engine/store/container-paths.ts'],
    // Those of addresses of the API are others.
    outside: ['registry/', 'cli/', 'api/'],
  },
  {
    what: 'that whole rows of containers are read',
    pattern: /SELECT \* FROM container\b/,
    owners: ['engine/store/containers.ts'],
  },
  {
    what: 'that a container is not running',
    pattern: /`container \$\{\w*\.?name\} is not running`/,
    owners: ['engine/state/status.ts'],
  },
  {
    what: 'SQL',
    pattern:
      /\b(SELECT .* FROM|INSERT (OR \w+ )?INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE|BEGIN IMMEDIATE|PRAGMA) |\b[dD]atabase\.(get|all|run)\(/,
    owners: ['engine/store/', 'engine/leases/', 'host/database.ts'],
  },
  { what: 'the number of SIGKILL', pattern: /SIGKILL = 9/, owners: ['runtime/monitor/signals.ts'] },
  {
    what: 'what protocols a port has',
    pattern: /'tcp' \| 'udp' \| 'sctp'/,
    owners: ['network/address/definition.ts'],
  },
];

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

/** `file:line: text` of each line that fits. Comments say what they like. */
function linesWith(pattern: RegExp): string[] {
  return files.flatMap((file) =>
    readFileSync(join(SOURCE, file), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        pattern.test(line) && !/^\s*(\/\*\*?|\*|\/\/)/.test(line)
          ? [`${file}:${index + 1}: ${line.trim()}`]
          : [],
      ),
  );
}

describe.each(OWNED)('$what', ({ pattern, owners, outside = [] }) => {
  const found = linesWith(pattern).filter((line) => !outside.some((place) => line.startsWith(place)));

  it.each(owners)('is said by %s', (owner) => {
    expect(found.filter((line) => line.startsWith(owner))).not.toEqual([]);
  });

  it('is said by nobody else', () => {
    expect(found.filter((line) => !owners.some((owner) => line.startsWith(owner)))).toEqual([]);
  });
});
