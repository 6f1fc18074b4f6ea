import { describe, expect, it } from 'vitest';
import { diskSections, SUMMARY_HEADERS, summaryFields } from '../../../../src/cli/output/disk-usage.ts';
import { parseObjectTemplate, parseTemplate } from '../../../../src/cli/template/template.ts';
import { type DiskUsage, OTHER_KINDS } from '../../../../src/engine/reports/disk-usage.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { containerRow } from '../../engine/fixtures.ts';

const image = { id: digestOf('image'), config: '{}', layers: [], size: 1, createdAt: 1 };
const names = { tags: ['docker.io/library/busybox:1', 'docker.io/library/busybox:2'], digests: [] };
const USAGE: DiskUsage = {
  images: [
    {
      image,
      names,
      builtAt: Date.now() - 3 * 3600_000,
      isPart: false,
      shared: 1_000_000,
      unique: 983_640,
      containers: 1,
    },
    {
      image,
      names: { tags: [], digests: [] },
      builtAt: undefined,
      isPart: false,
      shared: 0,
      unique: 0,
      containers: 0,
    },
  ],
  imagesSize: 1_983_640,
  containers: [
    {
      container: {
        row: containerRow({ createdAt: Date.now() - 120_000, argv: ['tar', '-x'] }),
        status: { state: 'created' },
        state: { name: 'created', active: false, exitCode: 0 },
        image: 'busybox',
        labels: {},
        networking: { networks: [], endpoints: [], ports: [] },
        imageManifest: undefined,
        volumeSources: new Map(),
      },
      size: 91_584_512,
    },
  ],
  volumes: [
    {
      volume: {
        name: 'data',
        driver: 'local',
        labels: {},
        options: {},
        createdAt: 1,
        anonymous: false,
        mountPoint: '/store/volumes/data',
        users: [{ id: 'c', name: 'name' }],
      },
      size: 50_000,
    },
  ],
  buildCache: [
    {
      entry: {
        key: digestOf('step'),
        kind: 'run',
        description: 'RUN make',
        parts: {},
        layer: undefined,
        createdAt: Date.now() - 3 * 3600_000,
        usedAt: Date.now() - 120_000,
        uses: 2,
      },
      size: 2_000_000,
      shared: false,
      inUse: false,
    },
  ],
  other: OTHER_KINDS.map((kind, index) => ({ kind, size: index + 1 })),
  total: 100_000_000,
};

const section = (name: string) => diskSections(USAGE).find((each) => each.name === name);
const table = (name: string) => {
  const found = section(name);
  return parseTemplate(found?.table ?? '', found?.headers ?? {}).render(found?.rows ?? []);
};
/** Lines with single blanks, as the widths of columns are not the subject. */
const words = (name: string) =>
  table(name)
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ +/g, ' '));

describe('the lines of system df', () => {
  it('have four digits and, of what takes something, the part that can be had back', () => {
    const template = parseTemplate('json', SUMMARY_HEADERS);
    const line = {
      type: 'Containers',
      total: 3,
      active: 1,
      size: 91_584_512,
      reclaimable: 30_000_000,
    } as const;
    expect(template.render([summaryFields(line)])).toBe(
      '{"Active":"1","Reclaimable":"30MB (32%)","Size":"91.58MB","TotalCount":"3","Type":"Containers"}\n',
    );
    expect(summaryFields({ ...line, size: 0, reclaimable: 0 })['Reclaimable']).toBe('0B');
  });
});

describe('the sections of system df -v', () => {
  it('are the tables of Docker, an image in one line, by its first tag', () => {
    expect(words('Images')).toEqual([
      'REPOSITORY TAG IMAGE ID CREATED SIZE SHARED SIZE UNIQUE SIZE CONTAINERS',
      `busybox 1 ${image.id.slice(7, 19)} 3 hours ago 1.984MB 1MB 983.6kB 1`,
      `<none> <none> ${image.id.slice(7, 19)} N/A 0B 0B 0B 0`,
    ]);
    expect(words('Containers')).toEqual([
      'CONTAINER ID IMAGE COMMAND LOCAL VOLUMES SIZE CREATED STATUS NAMES',
      'cccccccccccc busybox "tar -x" 0 91.6MB 2 minutes ago Created name',
    ]);
    expect(words('Volumes')).toEqual(['VOLUME NAME LINKS SIZE', 'data 1 50kB']);
    expect(words('BuildCache')).toEqual([
      'CACHE ID CACHE TYPE SIZE CREATED LAST USED USAGE SHARED',
      `${digestOf('step').slice(7, 19)} regular 2MB 3 hours ago 2 minutes ago 2 false`,
    ]);
  });

  it('say of all else what it is and, to programs, its exact size', () => {
    expect(section('Other')?.title).toBe('Other space usage, of 100MB in all:');
    const [header, ...lines] = words('Other');
    expect(header).toBe('TYPE SIZE DESCRIPTION');
    expect(lines).toHaveLength(OTHER_KINDS.length);
    expect(lines[1]).toBe('Snapshots 2B what containers had at earlier moments');
    expect(section('Other')?.rows.map(({ Bytes }) => Bytes)).toEqual(
      OTHER_KINDS.map((_, index) => index + 1),
    );
  });

  it('can be taken apart by a template', () => {
    const rows = Object.fromEntries(diskSections(USAGE).map((each) => [each.name, each.rows]));
    const template = parseObjectTemplate(
      '{{range .Containers}}{{.Names}} {{.Size}}{{end}} {{range .BuildCache}}{{.Description}}{{end}}',
    );
    expect(template.render(rows)).toBe('name 91.6MB RUN make\n');
  });
});
