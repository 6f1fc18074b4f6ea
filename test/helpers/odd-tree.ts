import { execFileSync } from 'node:child_process';

/** Names of every byte, the longest names and targets, links, holes, odd owners and times, large attributes. */
const PROGRAM = `
import os, sys
os.umask(0)
os.chdir(sys.argv[1])
os.mkdir('names')
for byte in range(1, 256):
    if byte != 0x2f:
        open(b'names/x' + bytes([byte]), 'wb').write(bytes([byte]))
open('names/' + 'n' * 255, 'w').write('long')
os.makedirs('deep/' + '/'.join(['d' * 250] * 14))
os.symlink('t' * 4000, 'link')
os.symlink('nowhere', 'dangling')
os.mkdir('links')
open('links/first', 'w').write('one file')
for number in range(2000):
    os.link('links/first', 'links/l%d' % number)
os.link('link', 'links/of-a-link', follow_symlinks=False)
with open('sparse', 'wb') as sparse:
    sparse.truncate(30 << 30)
    sparse.seek(1 << 30)
    sparse.write(b'in the middle')
    sparse.seek(29 << 30)
    sparse.write(b'near the end')
open('owned', 'w').close()
os.chown('owned', 1 << 31, (1 << 32) - 2)
os.chmod('owned', 0o6755)
os.mkfifo('fifo')
os.mknod('device', 0o20640, os.makedev(1, 3))
os.mkdir('sticky', 0o1777)
open('attributes', 'w').write('x')
os.setxattr('attributes', 'user.large', bytes(range(256)) * 235)
os.setxattr('attributes', 'trusted.t', b'\\0\\1')
os.setxattr('attributes', 'security.capability', bytes.fromhex('0100000200200000000000000000000000000000'))
os.setxattr('sticky', 'system.posix_acl_default', bytes.fromhex('0200000001000700ffffffff020007000500000004000500ffffffff10000700ffffffff20000500ffffffff'))
for name, time in ('names', -5_000_000_000_123_456_789), ('sticky', 4_102_444_800_987_654_321), ('links/first', 1), ('fifo', -1):
    os.utime(name, ns=(time, time))
os.utime('dangling', ns=(-1_000_000_001, 9_000_000_000_000_000_001), follow_symlinks=False)
os.utime('.', ns=(7, 8))
`;

/** Fills a directory of a file system that can hold all of it (tmpfs). */
export function makeOddTree(directory: string): void {
  execFileSync('python3', ['-c', PROGRAM, directory]);
}
