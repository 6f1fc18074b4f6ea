// The numbers of src/CONTRIBUTING.md: skiff beside Debian's docker.io and podman, in one run, on this machine.
// Usage, as root: node_modules/.bin/node test/benchmark/run.ts [pull] [images] [start] [life] [health] [output] [build]
// [api] [network]. The peers: apt-get install --no-install-recommends docker.io podman crun runc, for builds buildah; for networks also netavark aardvark-dns
// iptables iperf3 wrk nginx-light
import { mkdirSync, mkdtempSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ImageName, pushImages, referenceOf } from '../helpers/image-layouts.ts';
import { startRegistry } from '../helpers/registry.ts';
import { benchmarkApi } from './api.ts';
import { benchmarkBuild } from './build.ts';
import { benchmarkHealth } from './health.ts';
import { benchmarkImages, skopeoAndUmoci } from './images.ts';
import { benchmarkLife } from './life.ts';
import { type Candidate, measure, run } from './measure.ts';
import { benchmarkNetwork } from './network.ts';
import { benchmarkOutput } from './output.ts';
import { buildah, clockless, docker, type Peer, podman, skiff } from './peers.ts';
import { print, report, verdict } from './report.ts';
import { removeTraces, traces } from './traces.ts';

const IMAGES = ['busybox', 'debian', 'layers10'] as const satisfies readonly ImageName[];
const START_RUNS = 21;
const PULL_RUNS = 3;

const RUN_OVER_BARE_START_MS = 8;
const PULL_PEAK_MIB = 150;

async function main(): Promise<void> {
  const before = traces();
  const work = mkdtempSync(join(tmpdir(), 'skiff-bench-'));
  // ext4 avoids inodes that were deleted in the last minute, and searches long for others: whoever pulls again what was
  // just removed measures that.
  await run('mount', ['-t', 'tmpfs', '-o', 'mode=755,size=12g', 'skiff-bench', work]);
  const peers: Peer[] = [];
  const registry = await startRegistry();
  try {
    await pushImages(registry, IMAGES);
    const clock = await compileClock();
    for (const make of [skiff, docker, podman]) {
      const peer = await make(work);
      if (peer !== undefined) peers.push(peer);
    }
    print([
      `Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model}`,
      ...peers.map(({ version }) => version),
      '',
    ]);
    const parts: Record<
      string,
      (clock: string, peers: readonly Peer[], reference: ReferenceOf) => Promise<void>
    > = {
      pull: (clock, peers, reference) => benchmarkPull(clock, peers, reference, work),
      images: () =>
        benchmarkImages(clock, peers, { registry, reference: referenceOf(registry, 'debian'), work }),
      start: benchmarkStart,
      life: benchmarkLife,
      health: benchmarkHealth,
      output: benchmarkOutput,
      build: async (clock, peers) => {
        const others = peers.filter(({ name }) => name !== 'podman');
        const builder = await buildah(work);
        const builders = builder === undefined ? others : [...others, builder];
        await benchmarkBuild(clock, builders, { registry, work });
      },
      api: (clock, peers, reference) => benchmarkApi(clock, peers, reference, work),
      network: () => benchmarkNetwork(clock, work, registry),
    };
    for (const [name, part] of Object.entries(parts)) {
      const wanted = process.argv.length === 2 || process.argv.includes(name);
      if (wanted) await part(clock, peers, (image) => referenceOf(registry, image));
    }
  } finally {
    for (const peer of peers) await peer.stop();
    await registry.stop();
    await removeTraces(work, before);
  }
}

type ReferenceOf = (name: ImageName) => string;

async function benchmarkPull(
  clock: string,
  peers: readonly Peer[],
  reference: ReferenceOf,
  work: string,
): Promise<void> {
  for (const name of IMAGES) {
    const tools = skopeoAndUmoci(reference(name), work);
    const candidates = [
      ...peers.map((peer) => pullCandidate(peer, reference(name))),
      ...(tools === undefined ? [] : [tools]),
    ];
    const pulls = await measure(clock, candidates, PULL_RUNS);
    report(`pull ${name}`, pulls, 'pull');
    const peak = pulls.get('skiff')?.peak ?? Number.NaN;
    const held = verdict(peak <= PULL_PEAK_MIB, `${PULL_PEAK_MIB} MiB`);
    print([`  peak memory of skiff: ${peak.toFixed(0)} MiB${held}`]);
  }
}

async function benchmarkStart(clock: string, peers: readonly Peer[], reference: ReferenceOf): Promise<void> {
  const time = (words: (peer: Peer) => string[]) => {
    const candidates = peers.map((peer) => ({
      name: peer.name,
      command: [...peer.command, ...words(peer)],
      env: peer.env,
    }));
    return measure(clock, candidates, START_RUNS);
  };
  for (const peer of peers) await clockless(peer, ['pull', '-q', ...peer.pullOptions, reference('busybox')]);
  const version = await time(() => ['version']);
  report('version', version, 'version');
  report('ps', await time(() => ['ps']), 'ps');
  const started = await time(() => ['run', '--rm', '--network', 'none', reference('busybox'), 'true']);
  report('run --rm --network none busybox true', started, 'run');
  const over = ((started.get('skiff')?.wall ?? 0) - (version.get('skiff')?.wall ?? 0)) * 1000;
  const held = verdict(over <= RUN_OVER_BARE_START_MS, `${RUN_OVER_BARE_START_MS} ms`);
  print([`  over the executable's bare start: ${over.toFixed(1)} ms${held}`]);
}

/** A pull of an image that the engine has nothing of. */
function pullCandidate(peer: Peer, reference: string): Candidate {
  return {
    name: peer.name,
    command: [...peer.command, 'pull', '-q', ...peer.pullOptions, reference],
    env: peer.env,
    // An image that is not there cannot be removed: that is what is wanted.
    before: () => clockless(peer, ['rmi', '-f', reference]).catch(() => {}),
    ...(peer.otherCpu === undefined ? {} : { otherCpu: peer.otherCpu }),
  };
}

async function compileClock(): Promise<string> {
  const directory = resolve(import.meta.dirname, '../../build/benchmark');
  mkdirSync(directory, { recursive: true });
  const clock = join(directory, 'clock');
  await run('gcc', ['-O2', '-Wall', '-Werror', '-o', clock, join(import.meta.dirname, 'clock.c')]);
  return clock;
}

await main();
