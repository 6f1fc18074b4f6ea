import { describe, expect, it } from 'vitest';
import { checkedSysctls } from '../../../../src/runtime/spec/sysctls.ts';
import { namespaceOptions } from '../container-options.ts';

const check = (name: string, namespaces: Parameters<typeof namespaceOptions>[0] = {}) =>
  checkedSysctls({ [name]: '1' }, namespaceOptions(namespaces));

describe('checkedSysctls', () => {
  it.each([
    ['net.core.somaxconn', 'net.core.somaxconn'],
    ['net/core/somaxconn', 'net.core.somaxconn'],
    ['net.ipv4.conf.eth0/1.forwarding', 'net/ipv4/conf/eth0.1/forwarding'],
    ['net/ipv4/conf/eth0.1/forwarding', 'net/ipv4/conf/eth0.1/forwarding'],
    ['kernel.shm_rmid_forced', 'kernel.shm_rmid_forced'],
    ['kernel/msgmax', 'kernel.msgmax'],
    ['fs.mqueue.queues_max', 'fs.mqueue.queues_max'],
    ['kernel.domainname', 'kernel.domainname'],
  ])('takes %s', (given, name) => {
    expect(check(given)).toEqual({ [name]: '1' });
  });

  it.each([
    'vm.max_map_count',
    'kernel.core_pattern',
    'kernel/core_pattern',
    'fs.file-max',
    'user.max_user_namespaces',
  ])('refuses %s by its name: it is the whole machine’s', (name) => {
    expect(() => check(name)).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        message: `sysctl "${name}" is not in a separate kernel namespace`,
        subject: name,
      }),
    );
  });

  it.each(['', 'net..core', 'net.core.', 'net/../kernel/core_pattern', 'net/ipv4/./x', '/net/core'])(
    'refuses "%s", which is no name',
    (name) => {
      expect(() => check(name)).toThrow('is not in a separate kernel namespace');
    },
  );

  it('says what a mistyped name may mean', () => {
    expect(() => check('kernel.shmax')).toThrow(
      expect.objectContaining({ hint: 'did you mean kernel.shmmax?' }),
    );
  });

  it('refuses those of a namespace that is the host’s, and takes those of one that is joined', () => {
    expect(() => check('net.core.somaxconn', { network: 'host' })).toThrow("in the host's network namespace");
    expect(() => check('kernel.msgmax', { ipc: 'host' })).toThrow("in the host's ipc namespace");
    expect(() => check('fs.mqueue.queues_max', { ipc: 'host' })).toThrow("in the host's ipc namespace");
    const joined = { pid: 7, startTime: 8 };
    expect(check('net.core.somaxconn', { network: joined })).toEqual({ 'net.core.somaxconn': '1' });
  });

  it('leads to the option for a name that has one', () => {
    expect(() => check('kernel.hostname')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('--hostname') }),
    );
    expect(() => check('kernel.domainname', { uts: 'host' })).toThrow('"kernel.domainname" is not allowed');
  });
});
