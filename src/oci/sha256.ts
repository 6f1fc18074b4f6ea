/** A sha256 that is being made. */
export interface Sha256 {
  update(bytes: Uint8Array | string): Sha256;
  digest(encoding: 'hex'): string;
}

/**
 * Begins a sha256. On Bun by its own means: node:crypto, and the streams that it brings, cost 4 ms there to load. Both give the
 * same to who calls.
 */
export function newSha256(): Sha256 {
  const { Bun: bun } = globalThis as { Bun?: { CryptoHasher: new (name: string) => Sha256 } };
  if (bun !== undefined) return new bun.CryptoHasher('sha256');
  return process.getBuiltinModule('node:crypto').createHash('sha256');
}
