import type { TestRegistry } from '../helpers/registry.ts';
import { measure } from './measure.ts';
import { pushNetworkTools } from './network-image.ts';
import { type NetworkPeer, networkPeers } from './network-peers.ts';
import { benchmarkScale } from './network-scale.ts';
import { benchmarkTraffic } from './network-traffic.ts';
import { print, report, verdict } from './report.ts';

const RUNS = 31;
const BRIDGE_OVER_NONE_MS = 3;

/** What networks cost and carry, each engine in a network namespace of its own. */
export async function benchmarkNetwork(clock: string, work: string, registry: TestRegistry): Promise<void> {
  const image = await pushNetworkTools(registry);
  const peers = await networkPeers(work);
  try {
    for (const peer of peers) await peer.fetch(image);
    await benchmarkBridge(clock, peers, image);
    await benchmarkTraffic(peers, image);
    await benchmarkScale(clock, peers, image);
  } finally {
    for (const peer of peers) await peer.stop();
  }
}

/** What the default network adds to `run`. */
async function benchmarkBridge(clock: string, peers: readonly NetworkPeer[], image: string): Promise<void> {
  const candidates = peers.flatMap((peer) =>
    ['bridge', 'none'].map((network) => ({
      name: `${peer.name} ${network}`,
      command: [...peer.command, 'run', '--rm', '--network', network, image, 'true'],
      env: peer.env,
      ...(peer.otherCpu === undefined ? {} : { otherCpu: peer.otherCpu }),
    })),
  );
  const figures = await measure(clock, candidates, RUNS);
  report('run --rm true, on the default network and on none', figures, 'run on networks');
  for (const { name } of peers) {
    const wall = (network: string) => figures.get(`${name} ${network}`)?.wall ?? Number.NaN;
    const over = (wall('bridge') - wall('none')) * 1000;
    const held = name === 'skiff' ? verdict(over <= BRIDGE_OVER_NONE_MS, `${BRIDGE_OVER_NONE_MS} ms`) : '';
    print([`  the network costs ${name} ${over.toFixed(1)} ms${held}`]);
  }
}
