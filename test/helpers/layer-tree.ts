import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The attributes of an inode; absent: root's, 0644 or 0755, and EPOCH. `time` is in seconds, fractions allowed. */
export interface Attributes {
  mode?: number;
  owner?: number;
  group?: number;
  time?: number;
}

export interface TarOptions {
  /** `gnu` has long names in records of their own and no extended attributes; `pax` is the default. */
  format?: 'pax' | 'gnu';
  /** Leaves directories out, so that whoever unpacks has to know the parents from the layers below. */
  withoutDirectories?: boolean;
}

const EPOCH = 1_700_000_000;

/** The files of a layer on disk: made path by path, then archived by GNU tar into the same bytes every time. */
export class LayerTree {
  readonly root = mkdtempSync(join(tmpdir(), 'layer-'));
  readonly #times = new Map<string, number>();

  constructor() {
    chmodSync(this.root, 0o755);
    this.#times.set('.', EPOCH);
  }

  directory(path: string, attributes: Attributes = {}): void {
    this.#makeParents(path);
    mkdirSync(this.#at(path), { recursive: true });
    this.#set(path, { mode: 0o755, ...attributes });
  }

  file(path: string, content: string | Uint8Array = '', attributes: Attributes = {}): void {
    this.#makeParents(path);
    writeFileSync(this.#at(path), content);
    this.#set(path, { mode: 0o644, ...attributes });
  }

  /** A file of `size` bytes with some content at the given offsets and holes between. */
  sparseFile(path: string, size: number, content: ReadonlyMap<number, string>): void {
    this.file(path);
    execFileSync('truncate', ['--size', String(size), this.#at(path)]);
    for (const [offset, bytes] of content) {
      const args = [
        `of=${this.#at(path)}`,
        'conv=notrunc',
        'oflag=seek_bytes',
        `seek=${offset}`,
        'status=none',
      ];
      execFileSync('dd', args, { input: bytes });
    }
    this.#times.set(path, EPOCH);
  }

  symlink(path: string, target: string, attributes: Attributes = {}): void {
    this.#makeParents(path);
    symlinkSync(target, this.#at(path));
    this.#set(path, attributes);
  }

  /** A hard link to a path of this tree. */
  link(path: string, target: string): void {
    this.#makeParents(path);
    linkSync(this.#at(target), this.#at(path));
  }

  /** A device or a FIFO: `type` and numbers as mknod(1) takes them. */
  node(
    path: string,
    type: 'c' | 'b' | 'p',
    numbers: readonly number[] = [],
    attributes: Attributes = {},
  ): void {
    this.#makeParents(path);
    execFileSync('mknod', [this.#at(path), type, ...numbers.map(String)]);
    this.#set(path, { mode: 0o644, ...attributes });
  }

  attribute(path: string, name: string, value: string): void {
    execFileSync('setfattr', ['--no-dereference', '-n', name, '-v', value, this.#at(path)]);
  }

  /** File capabilities in setcap(8)'s words. */
  capabilities(path: string, capabilities: string): void {
    execFileSync('setcap', [capabilities, this.#at(path)]);
  }

  /** Says that a path of the layers below is gone (OCI image spec, layer.md, "Whiteouts"). */
  whiteout(path: string): void {
    this.file(join(dirname(path), `.wh.${path.slice(path.lastIndexOf('/') + 1)}`));
  }

  /** Says that nothing of a directory of the layers below is to be seen. */
  opaque(path: string): void {
    this.directory(path);
    this.file(join(path, '.wh..wh..opq'));
  }

  /** Archives the tree and removes it from disk. */
  archive({ format = 'pax', withoutDirectories = false }: TarOptions = {}): Buffer {
    // Times last, deepest first, because making an entry changes its directory's.
    const paths = [...this.#times].sort(([a], [b]) => (a < b ? 1 : -1));
    for (const [path, seconds] of paths) {
      // Node reads a negative number as now, but not a date.
      const time = seconds < 0 ? new Date(seconds * 1000) : seconds;
      lutimesSync(this.#at(path), time, time);
    }
    const archive = `${this.root}.tar`;
    const pax = '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime';
    const flavour = format === 'pax' ? [pax, '--xattrs', '--xattrs-include=*', '--sparse'] : [];
    const members = withoutDirectories ? ['--no-recursion', '--null', '--files-from=-'] : ['.'];
    const input = withoutDirectories
      ? execFileSync('find', ['.', '!', '-type', 'd', '-print0'], { cwd: this.root })
      : undefined;
    const args = ['--create', `--file=${archive}`, `--format=${format}`, '--numeric-owner', '--sort=name'];
    try {
      execFileSync('tar', [...args, ...flavour, '-C', this.root, ...members], input ? { input } : {});
      return readFileSync(archive);
    } finally {
      rmSync(archive, { force: true });
      rmSync(this.root, { recursive: true, force: true });
    }
  }

  #at(path: string): string {
    return join(this.root, path);
  }

  #makeParents(path: string): void {
    const parent = dirname(path);
    if (parent === '.' || this.#times.has(parent)) return;
    this.directory(parent);
  }

  #set(path: string, { mode, owner = 0, group = 0, time = EPOCH }: Attributes): void {
    lchownSync(this.#at(path), owner, group);
    if (mode !== undefined) chmodSync(this.#at(path), mode);
    this.#times.set(path, time);
  }
}

/** Debian's static busybox with a link for each of its applets, below `tree`. */
export function addBusybox(tree: LayerTree): void {
  tree.file('bin/busybox', readFileSync('/bin/busybox'), { mode: 0o755 });
  const applets = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean);
  for (const applet of applets) if (applet !== 'busybox') tree.link(`bin/${applet}`, 'bin/busybox');
  tree.file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n');
  tree.file('etc/group', 'root:x:0:\nnogroup:x:65534:\n');
  tree.directory('root', { mode: 0o700 });
  tree.directory('tmp', { mode: 0o1777 });
}
