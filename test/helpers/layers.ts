import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chainIDs, type Digest, digestOf } from '../../src/oci/digest.ts';
import { LayerStore } from '../../src/storage/layer/store.ts';
import { writeLayout } from './oci-layout.ts';
import { describeTree, type TreeOptions } from './tree.ts';

/** The helper that is tested; SKIFF_HELPER names another build of it, such as the one with sanitizers. */
export const HELPER =
  process.env['SKIFF_HELPER'] ?? resolve(import.meta.dirname, '../../build/native/skiff-helper');

/** A directory of a test's own, with a layer store in it. */
export class LayerRoom {
  readonly root = mkdtempSync(join(tmpdir(), 'skiff-layers-'));
  readonly tmp = join(this.root, 'tmp');
  readonly store: LayerStore;
  readonly #isWhole: boolean;

  /** `whole`: each layer has what those below it have, too. */
  constructor({ whole = false } = {}) {
    this.#isWhole = whole;
    const isWhole = async () => whole;
    this.store = new LayerStore({ layers: join(this.root, 'layers'), tmp: () => this.tmp, isWhole });
    mkdirSync(this.tmp);
  }

  /** Unpacks uncompressed or compressed archives, bottom first; returns their directories, topmost first. */
  async unpack(
    archives: readonly Buffer[],
    diffIDs: readonly Digest[] = archives.map(digestOf),
  ): Promise<string[]> {
    const chain = chainIDs(diffIDs);
    for (const [index, archive] of archives.entries()) {
      const [chainID, diffID] = [chain[index], diffIDs[index]];
      if (chainID === undefined || diffID === undefined) throw new Error('a layer without a digest');
      await this.store.unpack({ chainID, diffID, mediaType: '' }, pieces(archive), {
        helper: HELPER,
        lowers: async () => this.directories(chain.slice(0, index)),
        reopen: () => pieces(archive),
      });
    }
    return this.directories(chain);
  }

  /** The tree that a container on these layers sees: an overlay, mounted in a mount namespace of its own, or a whole one. */
  async view(archives: readonly Buffer[], options: TreeOptions = {}): Promise<string[]> {
    const [top = '', ...below] = await this.unpack(archives);
    if (this.#isWhole) return describeTree(top, options);
    return describeOverlay([top, ...below], this.root, options);
  }

  /** The tree that `umoci unpack` makes of the same layers. */
  umociView(archives: readonly Buffer[], options: TreeOptions = {}): string[] {
    const place = mkdtempSync(join(this.root, 'umoci-'));
    try {
      writeLayout(join(place, 'image'), [{ tag: 'x', layers: archives, compression: 'none' }]);
      execFileSync('umoci', ['unpack', '--image', `${join(place, 'image')}:x`, join(place, 'bundle')], {
        stdio: 'pipe',
      });
      return describeTree(join(place, 'bundle/rootfs'), options);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  }

  remove(): void {
    if (existsSync(this.root)) execFileSync(HELPER, ['remove', this.root]);
  }

  private directories(chain: readonly Digest[]): string[] {
    return chain.map((chainID) => this.store.directory(chainID)).reverse();
  }
}

/** Describes the merged view of layers (topmost first) by way of a child that alone sees the mount. */
export function describeOverlay(layers: readonly string[], place: string, options: TreeOptions): string[] {
  const module = JSON.stringify(resolve(import.meta.dirname, 'tree.ts'));
  const script = `import(${module}).then(({ describeTree }) =>
    process.stdout.write(JSON.stringify(describeTree(process.argv[1], JSON.parse(process.argv[2])))));`;
  const mountPoint = mkdtempSync(join(place, 'view-'));
  const empty = mkdtempSync(join(place, 'empty-'));
  const shell = 'mount -t overlay overlay -o "lowerdir=$0" "$1" && exec "$2" -e "$3" "$1" "$4"';
  // Read-only; a second lower layer, as overlay asks for two then.
  const args = ['--mount', 'sh', '-c', shell, [...layers, empty].join(':'), mountPoint];
  const output = execFileSync('unshare', [...args, process.execPath, script, JSON.stringify(options)], {
    encoding: 'utf8',
    // The module is the same each time.
    env: { ...process.env, NODE_COMPILE_CACHE: join(place, 'compiled') },
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  rmSync(mountPoint, { recursive: true });
  rmSync(empty, { recursive: true });
  return JSON.parse(output);
}

/** Bytes as they come from a socket: in pieces whose borders mean nothing. */
export async function* pieces(bytes: Buffer, size = 60_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
