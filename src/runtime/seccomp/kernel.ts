/** The first two numbers of a kernel's release. */
export interface KernelVersion {
  major: number;
  minor: number;
}

/** SECCOMP_FILTER_FLAG_SPEC_ALLOW, which runc sets where it can unless a profile says which flags it wants. */
export const SPEC_ALLOW_SINCE: KernelVersion = { major: 4, minor: 17 };

export function atLeast(kernel: KernelVersion, { major, minor }: KernelVersion): boolean {
  return kernel.major > major || (kernel.major === major && kernel.minor >= minor);
}
