import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { imageLayout, TAG } from '../helpers/image-layouts.ts';
import type { TestRegistry } from '../helpers/registry.ts';
import { type Candidate, measure } from './measure.ts';
import { clockless, type Peer } from './peers.ts';
import { report } from './report.ts';

const RUNS = 5;
const NAME = 'pushed';

/** What a container adds for the push of a new layer: some 50 MB that compress as programs do. */
const MORE = 'mkdir /more && cp -a /usr/lib /usr/bin /more/';

/** Pushes and archives of an image of Debian. The registry forgets everything before each push to an empty one. */
export async function benchmarkImages(
  clock: string,
  peers: readonly Peer[],
  { registry, reference, work }: { registry: TestRegistry; reference: string; work: string },
): Promise<void> {
  const [base, changed] = [`${registry.host}/${NAME}:${TAG}`, `${registry.host}/${NAME}:changed`];
  for (const peer of peers) await prepare(peer, { reference, base, changed });
  const empty = async (): Promise<void> =>
    rmSync(join(registry.storage, 'docker'), { recursive: true, force: true });
  const withBase = async (): Promise<void> => {
    await empty();
    registry.push(imageLayout('debian'), { name: NAME, tag: TAG });
  };
  const time = (candidates: readonly Candidate[]) => measure(clock, candidates, RUNS);
  const pushes = (image: string, before?: () => Promise<void>) =>
    peers.map((peer) => candidate(peer, ['push', '-q', ...peer.pullOptions, image], before));

  const skopeo = { ...skopeoPush(base), before: empty };
  report('push debian, empty registry', await time([...pushes(base, empty), skopeo]), 'push');
  report('push debian, nothing to do', await time(pushes(base)), 'push nothing');
  report('push one new layer', await time(pushes(changed, withBase)), 'push layer');

  const archive = (peer: Peer) => join(work, `${peer.name}.tar`);
  const saves = peers.map((peer) =>
    candidate(peer, ['save', '-o', archive(peer), base], async () => rmSync(archive(peer), { force: true })),
  );
  report('save debian', await time(saves), 'save');
  const loads = peers.map((peer) =>
    candidate(peer, ['load', '-q', '-i', archive(peer)], () => forget(peer, [reference, base, changed])),
  );
  report('load debian', await time(loads), 'load');
}

function candidate(peer: Peer, words: readonly string[], before?: () => Promise<unknown>): Candidate {
  return {
    name: peer.name,
    command: [...peer.command, ...words],
    env: peer.env,
    ...(before === undefined ? {} : { before }),
    ...(peer.otherCpu === undefined ? {} : { otherCpu: peer.otherCpu }),
  };
}

function skopeoPush(image: string): Candidate {
  const layout = `oci:${imageLayout('debian')}:${TAG}`;
  const words = [
    '--insecure-policy',
    'copy',
    '--quiet',
    '--dest-tls-verify=false',
    layout,
    `docker://${image}`,
  ];
  return { name: 'skopeo', command: ['/usr/bin/skopeo', ...words] };
}

/** The image by a name at the registry, and one with a layer more. */
async function prepare(
  peer: Peer,
  { reference, base, changed }: { reference: string; base: string; changed: string },
): Promise<void> {
  await clockless(peer, ['pull', '-q', ...peer.pullOptions, reference]);
  await clockless(peer, ['tag', reference, base]);
  await clockless(peer, ['run', '--name', 'changed', '--network', 'none', reference, 'sh', '-c', MORE]);
  await clockless(peer, ['commit', 'changed', changed]);
  await clockless(peer, [...peer.remove, 'changed']);
}

/** Images that are not there cannot be removed: that is what is wanted. */
async function forget(peer: Peer, images: readonly string[]): Promise<void> {
  for (const image of images) await clockless(peer, ['rmi', '-f', image]).catch(() => {});
}

/** Pulls with tools that are no engines: skopeo fetches, umoci unpacks. */
export function skopeoAndUmoci(reference: string, work: string): Candidate | undefined {
  if (!existsSync('/usr/bin/skopeo') || !existsSync('/usr/bin/umoci')) return undefined;
  const place = join(work, 'umoci');
  const script =
    'skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$1" "oci:$2/image:it" && umoci --log error unpack --image "$2/image:it" "$2/bundle"';
  return {
    name: 'umoci',
    command: ['/bin/sh', '-c', script, 'sh', reference, place],
    before: async () => {
      rmSync(place, { recursive: true, force: true });
      mkdirSync(place);
    },
  };
}
