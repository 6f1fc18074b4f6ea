import { addBusybox, LayerTree } from '../layer-tree.ts';
import type { Recipe } from './recipe.ts';

const YEAR = 31_556_952;

/**
 * Ten layers and some 34,000 files: what the OCI image spec's layer.md says, and what real archives contain. With a
 * `step` every so many of those that there are many of; it has no divisor in common with the numbers below by which
 * they are given modes, sizes and directories.
 */
export function layers10(step = 1): Recipe {
  const layers = [
    base,
    manySmall,
    manyOwned,
    links,
    attributes,
    removals,
    opaques,
    longNames,
    sizes,
    changes,
  ];
  return { layers: layers.map((layer) => layer(step)), config: { Cmd: ['sh'], Env: ['PATH=/bin'] } };
}

function base(): Buffer {
  const tree = new LayerTree();
  addBusybox(tree);
  for (const name of ['etc/removed', 'etc/replaced', 'etc/kept', 'etc/became-directory'])
    tree.file(name, `${name}\n`);
  for (let index = 0; index < 20; index += 1) {
    tree.file(`srv/whole/${index}`, `${index}\n`);
    tree.file(`srv/hidden/old-${index}/file`, `${index}\n`);
    tree.file(`srv/became-file/${index}`, `${index}\n`);
    tree.file(`srv/touched/${index}`, `${index}\n`, { time: 1_600_000_000 + index });
  }
  tree.directory('srv/touched', { mode: 0o2775, owner: 7, group: 8, time: 1_500_000_000 });
  tree.symlink('srv/link', 'touched');
  tree.node('srv/devices/null', 'c', [1, 3], { mode: 0o666 });
  tree.node('srv/devices/loop', 'b', [7, 300], { mode: 0o660, group: 6 });
  tree.node('srv/devices/pipe', 'p', [], { mode: 0o600 });
  return tree.archive();
}

function manySmall(step: number): Buffer {
  const tree = new LayerTree();
  for (let index = 0; index < 14_000; index += step) {
    const time = 1_600_000_000 + index * 61;
    tree.file(`usr/share/many/${index % 97}/${index % 11}/file-${index}.txt`, `file ${index}\n`, { time });
  }
  return tree.archive();
}

function manyOwned(step: number): Buffer {
  const tree = new LayerTree();
  const modes = [0o644, 0o600, 0o755, 0o4755, 0o2755, 0o6711, 0o000, 0o1644];
  for (let index = 0; index < 10_000; index += step) {
    const mode = modes[index % modes.length] ?? 0o644;
    const attributes = { mode, owner: index % 70_000, group: (index * 7) % 100_000 };
    tree.file(`usr/lib/owned/${index % 53}/${index}`, 'x'.repeat(index % 300), attributes);
  }
  tree.directory('usr/lib/owned/sticky', { mode: 0o3777, owner: 5, group: 5 });
  tree.directory('usr/lib/owned/closed', { mode: 0o000, time: 1_400_000_000 });
  return tree.archive();
}

function links(): Buffer {
  const tree = new LayerTree();
  for (let index = 0; index < 200; index += 1) {
    tree.file(`usr/linked/a/${index}`, `linked ${index}\n`, { owner: index });
    tree.link(`usr/linked/b/${index}`, `usr/linked/a/${index}`);
    if (index % 3 === 0) tree.link(`usr/linked/${index}`, `usr/linked/a/${index}`);
  }
  tree.symlink('usr/links/absolute', '/etc/passwd', { owner: 3, group: 4, time: 1_300_000_000 });
  tree.symlink('usr/links/relative', '../../etc/group');
  tree.symlink('usr/links/outside', '../../../../../../etc/shadow');
  tree.symlink('usr/links/dangling', 'nowhere');
  tree.symlink('usr/links/loop', 'loop');
  tree.link('usr/links/again', 'usr/links/dangling');
  tree.node('usr/links/zero', 'c', [1, 5]);
  tree.link('usr/links/zero-again', 'usr/links/zero');
  return tree.archive();
}

function attributes(): Buffer {
  const tree = new LayerTree();
  tree.file('usr/bin/ping', 'not really\n', { mode: 0o755 });
  tree.capabilities('usr/bin/ping', 'cap_net_raw=ep');
  tree.file('usr/bin/owned', 'with capabilities and an owner\n', { mode: 0o4750, owner: 12, group: 13 });
  tree.capabilities('usr/bin/owned', 'cap_net_bind_service,cap_chown=eip');
  tree.file('usr/attributes/file', 'attributes\n');
  tree.attribute('usr/attributes/file', 'user.text', 'some text');
  tree.attribute('usr/attributes/file', 'user.binary', '0x00ff0a3d00');
  tree.attribute('usr/attributes/file', 'user.long', 'v'.repeat(1500));
  tree.link('usr/attributes/linked', 'usr/attributes/file');
  tree.directory('usr/attributes/directory', { mode: 0o700 });
  tree.attribute('usr/attributes/directory', 'user.of.directory', 'yes');
  tree.attribute('usr/attributes/directory', 'trusted.note', 'for root only');
  return tree.archive();
}

function removals(): Buffer {
  const tree = new LayerTree();
  for (const path of ['etc/removed', 'srv/whole', 'usr/share/many/13', 'usr/linked/b/7', 'srv/became-file']) {
    tree.whiteout(path);
  }
  tree.whiteout('etc/became-directory');
  tree.file('etc/replaced', 'by another layer\n', { mode: 0o600, time: 1_650_000_000 });
  return tree.archive();
}

function opaques(): Buffer {
  const tree = new LayerTree();
  tree.opaque('srv/hidden');
  tree.file('srv/hidden/new', 'the only one\n');
  tree.opaque('usr/lib/owned/7');
  tree.file('srv/became-file', 'a file\n');
  tree.file('etc/became-directory/file', 'in a directory\n');
  tree.opaque('usr/share/many/20/4');
  return tree.archive();
}

function longNames(): Buffer {
  const tree = new LayerTree();
  const deep = Array.from({ length: 30 }, (_, level) => `level-${level}-${'d'.repeat(40)}`).join('/');
  tree.file(`usr/deep/${deep}/file`, 'deep\n');
  tree.file(`usr/long/${'n'.repeat(255)}`, 'long\n');
  tree.symlink('usr/long/link', `${'t'.repeat(200)}/${'t'.repeat(200)}`);
  tree.file(`usr/long/${'h'.repeat(120)}`, 'linked\n');
  tree.link('usr/long/hard', `usr/long/${'h'.repeat(120)}`);
  tree.file('usr/names/grüße 世界', 'words\n');
  tree.file('usr/names/new\nline and\ttab', 'odd\n');
  tree.file('usr/names/ blanks ', 'blanks\n');
  tree.file('usr/names/back\\slash "quote"', 'quotes\n');
  tree.file('usr/names/-dash', 'dash\n');
  return tree.archive({ format: 'gnu' });
}

function sizes(step: number): Buffer {
  const tree = new LayerTree();
  const pieces = new Map([0, 5_000_000, 48 * 1024 * 1024 - 6].map((offset) => [offset, 'piece\n']));
  tree.sparseFile('usr/sizes/sparse', 48 * 1024 * 1024, pieces);
  tree.sparseFile('usr/sizes/hole', 9_000_000, new Map());
  for (const size of [0, 1, 511, 512, 513, 65_536, 1_000_000]) {
    tree.file(`usr/sizes/${size}`, Buffer.alloc(size, `${size} `));
  }
  for (let index = 0; index < 9_000; index += step) {
    tree.file(
      `opt/app/module-${index % 300}/part-${index}.js`,
      `exports.part = ${index};\n`.repeat(index % 20),
    );
  }
  return tree.archive();
}

/** Times and parents: directories that the archive does not name keep what the layers below say of them. */
function changes(): Buffer {
  const tree = new LayerTree();
  tree.file('srv/touched/3', 'changed\n', { mode: 0o640, owner: 99, time: 1_690_000_000.123_456 });
  tree.file('usr/attributes/directory/inside', 'its parent has attributes\n');
  tree.file('opt/brand/new/directory/file', 'parents nobody names\n', { time: 1_690_000_000 });
  tree.file('etc/old', 'before the epoch\n', { time: -10 * YEAR });
  tree.file('etc/future', 'after 2038\n', { time: 1_700_000_000 + 100 * YEAR });
  return tree.archive({ withoutDirectories: true });
}
