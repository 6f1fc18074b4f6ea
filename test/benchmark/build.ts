import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { busybox } from '../helpers/recipes/busybox.ts';
import type { TestRegistry } from '../helpers/registry.ts';
import { type Candidate, type Figures, measure } from './measure.ts';
import { clockless, type Peer } from './peers.ts';
import { print, report, verdict } from './report.ts';

const RUNS = 3;
const STEPS = 50;
const STAGES = 10;
const MANY_FILES = 50_000;

const STEP_MS = 12;
const CACHED_STEPS_MS = 60;

/** Builds of small images on busybox, without a network: what an engine itself takes for a build. */
export async function benchmarkBuild(
  clock: string,
  peers: readonly Peer[],
  { registry, work }: { registry: TestRegistry; work: string },
): Promise<void> {
  const image = `${registry.host}/built/base:1`;
  await pushBase(peers[0], image, join(work, 'base'));
  for (const peer of peers) await clockless(peer, ['pull', '-q', ...peer.pullOptions, image]);
  const contexts = new Contexts(join(work, 'contexts'), image);
  const time = (
    directory: string,
    words: readonly string[] = [],
    before?: (peer: Peer) => Promise<unknown>,
  ) =>
    measure(
      clock,
      peers.map((peer) => candidate(peer, [...words, '-t', 'built', directory], before)),
      RUNS,
    );
  const anew = ['--no-cache'];

  const project = contexts.project();
  report('build, nothing cached', await time(project, anew), 'build');
  report('build, all cached', await time(project), 'build cached');
  let changes = 0;
  const change = async () => {
    changes += 1;
    writeFileSync(join(project, 'src/7'), `changed ${changes}\n`);
  };
  report('build, one file changed', await time(project, [], change), 'build changed');
  report(`build of ${STAGES} stages side by side`, await time(contexts.stages(), anew), 'build stages');

  const many = contexts.manyFiles();
  report(`build, ${MANY_FILES} files copied`, await time(many, anew), 'build many');
  report(`build, ${MANY_FILES} files cached`, await time(many), 'build many cached');

  const nothing = await time(contexts.steps(0), anew);
  const steps = contexts.steps(STEPS);
  const run = await time(steps, anew);
  report(`build of ${STEPS} × RUN true`, run, 'build steps');
  for (const { name } of peers) {
    const step = ((wall(run, name) - wall(nothing, name)) / STEPS) * 1000;
    const held = name === 'skiff' ? verdict(step <= STEP_MS, `${STEP_MS} ms`) : '';
    print([`  a step of ${name}: ${step.toFixed(1)} ms${held}`]);
  }
  const cached = await time(steps);
  report(`build of ${STEPS} cached steps`, cached, 'build cached');
  const own = wall(cached, 'skiff') * 1000;
  print([`  in all: ${own.toFixed(1)} ms${verdict(own <= CACHED_STEPS_MS, `${CACHED_STEPS_MS} ms`)}`]);
}

/** Busybox with a history, which what is pulled of other images does not have: buildah counts layers by it. */
async function pushBase(peer: Peer | undefined, image: string, directory: string): Promise<void> {
  const [layer] = busybox().layers;
  if (peer?.name !== 'skiff' || layer === undefined) throw new Error('skiff makes the base of builds');
  mkdirSync(directory);
  writeFileSync(join(directory, 'layer.tar'), layer);
  writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch\nADD layer.tar /\nENV PATH=/bin\nCMD ["sh"]\n');
  await clockless(peer, ['build', '-q', '-t', image, directory]);
  await clockless(peer, ['push', '-q', image]);
}

function wall(figures: ReadonlyMap<string, Figures>, name: string): number {
  return figures.get(name)?.wall ?? Number.NaN;
}

function candidate(
  peer: Peer,
  words: readonly string[],
  before?: (peer: Peer) => Promise<unknown>,
): Candidate {
  return {
    name: peer.name,
    command: [...peer.command, 'build', '-q', '--network', 'none', ...(peer.buildOptions ?? []), ...words],
    env: peer.env,
    ...(before === undefined ? {} : { before: () => before(peer) }),
    ...(peer.otherCpu === undefined ? {} : { otherCpu: peer.otherCpu }),
  };
}

/** Directories with a Dockerfile on the image, and what it copies. */
class Contexts {
  readonly #place: string;
  readonly #image: string;

  constructor(place: string, image: string) {
    this.#place = place;
    this.#image = image;
  }

  /** Two stages, of which one copies 200 files twice and reads them. */
  project(): string {
    const directory = this.#make('project', [
      'FROM IMAGE AS build',
      'WORKDIR /src',
      'COPY Dockerfile .',
      'RUN mkdir /out && sha1sum Dockerfile > /out/first',
      'COPY src src',
      'RUN cat src/* > /out/all && sha1sum src/* > /out/sums',
      'FROM IMAGE',
      'RUN mkdir /app',
      'COPY --from=build /out /app',
      'RUN wc -l /app/all > /app/lines',
      'ENV WHERE=/app',
      'CMD ["cat", "/app/lines"]',
    ]);
    writeFiles(join(directory, 'src'), 200);
    return directory;
  }

  /** As many stages, each of which is busy with itself for some tenths of a second. */
  stages(): string {
    const numbers = Array.from({ length: STAGES }, (_, index) => index);
    return this.#make('stages', [
      ...numbers.flatMap((index) => [
        `FROM IMAGE AS stage${index}`,
        `RUN head -c 30000000 /dev/zero | sha1sum > /sum${index}`,
      ]),
      'FROM IMAGE',
      ...numbers.map((index) => `COPY --from=stage${index} /sum${index} /`),
    ]);
  }

  manyFiles(): string {
    const directory = this.#make('many', ['FROM IMAGE', 'COPY files /files']);
    for (let part = 0; part < 100; part += 1)
      writeFiles(join(directory, 'files', String(part)), MANY_FILES / 100);
    return directory;
  }

  /** Steps that do nothing; no two of them are the same, as one that did nothing is not done again. */
  steps(count: number): string {
    const steps = Array.from({ length: count }, (_, index) => `RUN true ${index}`);
    return this.#make(`steps-${count}`, ['FROM IMAGE', ...steps, 'ENV STEPS=done']);
  }

  #make(name: string, lines: readonly string[]): string {
    const directory = join(this.#place, name);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'Dockerfile'), `${lines.join('\n')}\n`.replaceAll('IMAGE', this.#image));
    return directory;
  }
}

function writeFiles(directory: string, count: number): void {
  mkdirSync(directory, { recursive: true });
  for (let index = 0; index < count; index += 1)
    writeFileSync(join(directory, String(index)), `file ${index}\n`.repeat(index % 40));
}
