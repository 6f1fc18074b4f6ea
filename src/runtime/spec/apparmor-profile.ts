/**
 * The AppArmor profile `OWN_PROFILE` (labels.ts) in the language of apparmor.d(5). Another text needs another revision:
 * running containers keep the profile that they were started under, and a kernel has room for both.
 *
 * Names below are exclusions: a denial cannot be taken back by what is allowed, so that `f[^s]**` and its like say
 * "whatever does not begin with fs". A path is that of the container's mount namespace, with links followed.
 */
export function profileText(name: string): string {
  const revisions = name.replace(/\d+$/, '*');
  return `profile ${name} flags=(attach_disconnected, mediate_deleted) {
  file,
  capability,
  network,
  umount,

  # Whoever may send one says so in a profile of its own.
  signal (receive),
  signal (send) peer=${revisions},
  ptrace peer=${revisions},

  # Families that a filter of system calls cannot see behind socketcall(2) of 32 bits.
  deny network alg,
  deny network vsock,

  deny mount,
  deny remount,
  deny pivot_root,

  # What /proc has of the machine: neither processes nor sysctls of a namespace.
  deny /proc/* wkl,
  deny /proc/{[^0-9s]*,s[^y]*,sy[^s]*,sys[^/]*}/** wkl,
  deny /proc/sys/{[^fkn]**,f[^s]**,fs[^/]**,k[^e]**,n[^e]**} wkl,
  deny /proc/sys/fs/{[^m]**,m[^q]**} wkl,
  deny /proc/sys/kernel/{[^dhmns]**,d[^o]**,h[^o]**,m[^s]**,n[^s]**,s[^eh]**,se[^m]**} wkl,
  deny /proc/kcore rm,

  deny /sys/{[^f]**,f[^s]**,fs/[^c]**,fs/c[^g]**} wkl,
  deny /sys/{firmware,kernel/security,kernel/debug,kernel/tracing}/{,**} rm,
}
`;
}

/** A tree of names; a leaf is a text. */
interface Features {
  [name: string]: string | Features;
}

const FEATURES: Features = {
  caps: {
    mask:
      'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service ' +
      'net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct ' +
      'sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control ' +
      'setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore',
  },
  domain: { stack: 'yes', change_hat: 'yes', change_profile: 'yes', fix_binfmt_elf_mmap: 'yes' },
  file: { mask: 'create read write exec append mmap_exec link lock' },
  mount: { mask: 'mount umount pivot_root' },
  network_v8: { af_mask: 'unspec unix inet inet6 netlink packet alg vsock' },
  policy: { set_load: 'yes', versions: { v5: 'yes', v6: 'yes', v7: 'yes', v8: 'yes' } },
  ptrace: { mask: 'read trace' },
  signal: { mask: 'hup int quit ill trap abrt bus fpe kill usr1 segv usr2 pipe alrm term' },
};

/**
 * The features of a kernel that the profile was written for (apparmor.d(5), "Feature ABI"), as apparmor_parser reads
 * them. Said here, because without them a parser takes what its host prefers (Debian's mediates no network), and a
 * kernel that mediates more would deny all of it.
 */
export const PROFILE_FEATURES = featuresText(FEATURES);

function featuresText(features: Features): string {
  return Object.entries(features)
    .map(([name, value]) => `${name} {${typeof value === 'string' ? value : featuresText(value)}\n}\n`)
    .join('');
}
