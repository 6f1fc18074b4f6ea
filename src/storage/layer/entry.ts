import type { ExtendedAttribute, TarEntry } from '../tar/entry.ts';
import { bad } from '../tar/header.ts';

/**
 * The operation that an archive entry asks for in a layer's directory (OCI image spec, layer.md). Paths are relative,
 * "" the root.
 */
export type LayerOperation =
  | MakeOperation
  | { readonly kind: 'whiteout'; readonly path: string }
  | { readonly kind: 'opaque'; readonly path: string }
  | { readonly kind: 'ignore' };

export interface MakeOperation {
  readonly kind: 'make';
  readonly path: string;
  readonly target: string;
  readonly xattrs: ExtendedAttribute[];
  /** The name of an attribute that no file can have. */
  readonly leftOut?: string | undefined;
  /** The file is there for the hard links to it alone, and goes with {@link AUFS_LINKS} in the end. */
  readonly aside?: boolean;
}

/**
 * The directory where aufs kept a name for files with several; archives of its branches hold them, and hard links to
 * them.
 */
export const AUFS_LINKS = '.wh..wh.plnk';

const WHITEOUT = '.wh.';
const WHITEOUT_META = '.wh..wh.';
const OPAQUE = '.wh..wh..opq';
const PATH_MAX = 4095;
const NAME_MAX = 255;
/** Limits of the kernel for an attribute (xattr(7)), in bytes. */
const XATTR_NAME_MAX = 255;
const XATTR_VALUE_MAX = 65_536;
/** A longer name is no name, but an attack on whoever keeps its length in 16 bits. */
const MAX_XATTR_TEXT = 65_535;
const MAX_ID = 0xfffffffe;
const IGNORE: LayerOperation = { kind: 'ignore' };

/**
 * Polices one entry. Absolute names are taken relative to the layer's root; `..` takes away the part before it, and the
 * root is its own parent, as in Docker, containerd and umoci. Symlinks in parents are not this function's business: the
 * helper resolves them below the layer's root. Throws `invalid` with the name.
 */
export function layerOperation(entry: TarEntry): LayerOperation {
  const path = relativePath(entry, entry.name, 'name');
  const slash = path.lastIndexOf('/');
  if (path.includes(WHITEOUT)) {
    const parent = slash === -1 ? '' : path.slice(0, slash);
    if (entry.type === 'file' && path.startsWith(`${AUFS_LINKS}/`)) {
      checkNumbers(entry);
      return { kind: 'make', path, target: '', ...attributes(entry), aside: true };
    }
    const whiteout = whiteoutOperation(entry, parent, path.slice(slash + 1));
    if (whiteout !== undefined) return whiteout;
  }
  if (isOverlayWhiteout(entry)) return { kind: 'whiteout', path };
  return makeOperation(entry, path);
}

/** The same for an archive of files, in which no name means anything but itself. */
export function fileOperation(entry: TarEntry): MakeOperation {
  return makeOperation(entry, relativePath(entry, entry.name, 'name'));
}

function makeOperation(entry: TarEntry, path: string): MakeOperation {
  checkNumbers(entry);
  if (path === '' && entry.type !== 'directory') throw bad(entry, 'would replace the root directory');
  let target = '';
  if (entry.type === 'link') {
    target = relativePath(entry, entry.target, 'link target');
    if (target === '') throw bad(entry, 'is a hard link to the root directory');
  } else if (entry.type === 'symlink') {
    target = symlinkTarget(entry);
  } else if (entry.type === 'char' || entry.type === 'block') {
    checkDevice(entry);
  }
  if (entry.xattrs.length === 0) return { kind: 'make', path, target, xattrs: entry.xattrs };
  return { kind: 'make', path, target, ...attributes(entry) };
}

/** Whether a layer is whole without an attribute that its file system cannot hold: not without what gives rights. */
export function mayBeLeftOut(attribute: string): boolean {
  return attribute !== 'security.capability';
}

function relativePath(entry: TarEntry, name: string, what: string): string {
  if (name === '') throw bad(entry, `has an empty ${what}`);
  if (name.includes('\0')) throw bad(entry, `has a NUL byte in its ${what}`);
  if (name.length > PATH_MAX) throw bad(entry, `has a ${what} of more than ${PATH_MAX} bytes`);
  if (isPlain(name)) return name;
  const kept: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      kept.pop();
      continue;
    }
    if (part.length > NAME_MAX) throw bad(entry, `has a ${what} with a part of more than ${NAME_MAX} bytes`);
    kept.push(part);
  }
  return kept.join('/');
}

/** Almost every name: nothing in it that splitting would change or refuse. */
function isPlain(name: string): boolean {
  return (
    name.length <= NAME_MAX &&
    name.charCodeAt(0) !== 0x2f &&
    name.charCodeAt(name.length - 1) !== 0x2f &&
    !name.startsWith('.') &&
    !name.includes('/.') &&
    !name.includes('//')
  );
}

/**
 * Undefined when the name is not that of a whiteout. Below what would be one, a name is like any other: a directory of
 * that name is made, as by the other engines.
 */
function whiteoutOperation(entry: TarEntry, parent: string, name: string): LayerOperation | undefined {
  for (const part of parent === '' ? [] : parent.split('/')) {
    // What aufs kept for itself (`.wh..wh.orph/…`) means nothing to anyone else.
    if (part.startsWith(WHITEOUT_META)) return IGNORE;
  }
  if (name === OPAQUE) return { kind: 'opaque', path: parent };
  if (name.startsWith(WHITEOUT_META)) return IGNORE;
  if (!name.startsWith(WHITEOUT)) return undefined;
  const hidden = name.slice(WHITEOUT.length);
  if (hidden === '' || hidden === '.' || hidden === '..') throw bad(entry, 'is a whiteout of nothing');
  return { kind: 'whiteout', path: parent === '' ? hidden : `${parent}/${hidden}` };
}

function checkNumbers(entry: TarEntry): void {
  const { uid, gid, mtime } = entry;
  if (uid < 0 || uid > MAX_ID) throw bad(entry, `has the impossible owner ${uid}`);
  if (gid < 0 || gid > MAX_ID) throw bad(entry, `has the impossible group ${gid}`);
  if (!Number.isSafeInteger(mtime.seconds)) throw bad(entry, 'has an impossible time');
}

function symlinkTarget(entry: TarEntry): string {
  const { target } = entry;
  if (target === '') throw bad(entry, 'has an empty link target');
  if (target.includes('\0')) throw bad(entry, 'has a NUL byte in its link target');
  if (target.length > PATH_MAX) throw bad(entry, `has a link target of more than ${PATH_MAX} bytes`);
  return target;
}

function checkDevice(entry: TarEntry): void {
  const { major, minor } = entry;
  if (major < 0 || major > 0xfff || minor < 0 || minor > 0xfffff) {
    throw bad(entry, `has the impossible device number ${major}:${minor}`);
  }
}

/**
 * The device 0:0, by which overlay itself says that nothing is here: archives of its upper directories hold some.
 * Engines that unpack one as it is get the whiteout.
 */
function isOverlayWhiteout({ type, major, minor }: TarEntry): boolean {
  return type === 'char' && major === 0 && minor === 0;
}

/**
 * Attributes that an archive may set. Those by which overlay itself speaks are the engine's own, an archive must not
 * reach them; those that belong to the host's policy (SELinux labels, NFS) are left out, as umoci does; and those beyond
 * the kernel's limits, whose names are told.
 */
function attributes(entry: TarEntry): { xattrs: ExtendedAttribute[]; leftOut: string | undefined } {
  let leftOut: string | undefined;
  const xattrs = entry.xattrs.filter(({ name, value }) => {
    if (name === '' || name.includes('\0') || name.length > MAX_XATTR_TEXT)
      throw bad(entry, 'has an attribute without a proper name');
    if (name.startsWith('trusted.overlay.') || name.startsWith('user.overlay.')) return false;
    if (name === 'security.selinux' || name === 'system.nfs4_acl') return false;
    if (name.length <= XATTR_NAME_MAX && (value.length <= XATTR_VALUE_MAX || !mayBeLeftOut(name)))
      return true;
    leftOut ??= name;
    return false;
  });
  return { xattrs, leftOut };
}
