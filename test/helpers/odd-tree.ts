import { execFileSync } from 'node:child_process';

/**
 * Names of every byte, the longest names and targets, many links, holes, odd owners and times, large attributes, devices. The
 * directory itself is odd, too.
 */
const PROGRAM = `
import os, sys
os.umask(0)
os.chdir(sys.argv[1])
os.mkdir('names')
for byte in range(1, 256):
    if byte != 0x2f:
        open(b'names/x' + bytes([byte]), 'wb').write(bytes([byte]))
open('names/' + 'n' * 255, 'w').write('long')
open(b'names/' + b'\\xff' * 255, 'w').write('long')
os.makedirs('deep/' + '/'.join(['d' * 250] * 14))
os.symlink('t' * 4000, 'link')
os.symlink(bytes(range(1, 256)), 'link-of-bytes')
os.symlink('nowhere', 'dangling')
os.mkdir('links')
open('links/first', 'w').write('one file')
for number in range(10000):
    os.link('links/first', 'links/l%d' % number)
os.link('link', 'links/of-a-link', follow_symlinks=False)
SIZE = 30 << 30
with open('sparse', 'wb') as sparse:
    sparse.truncate(SIZE)
    for at, text in (0, b'begin'), (SIZE // 2, b'in the middle'), (SIZE - 3, b'end'):
        sparse.seek(at)
        sparse.write(text)
with open('hole', 'wb') as hole:
    hole.truncate(SIZE)
with open('hole-behind', 'wb') as hole:
    hole.write(b'begin')
    hole.truncate(SIZE)
for name, uid, gid, mode in ('owned', 1 << 31, (1 << 32) - 2, 0o6755), ('owned-too', (1 << 32) - 2, 1 << 31, 0):
    open(name, 'w').close()
    os.chown(name, uid, gid)
    os.chmod(name, mode)
os.symlink('owned', 'owned-link')
os.lchown('owned-link', (1 << 32) - 2, 1 << 31)
os.mkfifo('fifo')
os.mknod('device', 0o20640, os.makedev(1, 3))
os.mknod('block', 0o60600, os.makedev(4095, 1048575))
os.mkdir('sticky', 0o1777)
os.mkdir('group', 0o2711)
os.chown('group', (1 << 32) - 2, 1 << 31)
os.chmod('group', 0o6711)
ACL = bytes.fromhex('0200000001000700ffffffff020007000500000004000500ffffffff10000700ffffffff20000500ffffffff')
open('attributes', 'w').write('x')
os.setxattr('attributes', 'user.large', bytes(range(256)) * 235)
os.setxattr('attributes', 'user.empty', b'')
os.setxattr('attributes', 'user.a\\nb', b'\\n')
os.setxattr('attributes', 'trusted.t', b'\\0\\1')
os.setxattr('attributes', 'security.capability', bytes.fromhex('0100000200200000000000000000000000000000'))
os.setxattr('attributes', 'system.posix_acl_access', ACL)
os.setxattr('sticky', 'system.posix_acl_default', ACL)
for name in 'link', 'fifo', 'device':
    os.setxattr(name, 'trusted.t', b'', follow_symlinks=False)
for name, time in (('names', -5_000_000_000_123_456_789), ('sticky', 4_102_444_800_987_654_321), ('links/first', 1),
                   ('fifo', -1), ('device', -1_000_000_000), ('group', (1 << 31) * 1_000_000_000 + 1)):
    os.utime(name, ns=(time, time))
os.utime('dangling', ns=(-1_000_000_001, 9_000_000_000_000_000_001), follow_symlinks=False)
os.chown('.', 5, 1 << 31)
os.chmod('.', 0o1751)
os.setxattr('.', 'user.top', b'1')
os.setxattr('.', 'system.posix_acl_default', ACL)
os.utime('.', ns=(7, -1_999_999_999))
`;

/** Fills a directory of a file system that can hold all of it (tmpfs). */
export function makeOddTree(directory: string): void {
  execFileSync('python3', ['-c', PROGRAM, directory]);
}
