/**
 * Returns `bytes` random bytes as hex digits. They are from the web's crypto, which both runtimes have at hand:
 * node:crypto costs Bun 3.6 ms to load, on the path of `run`.
 */
export function randomHex(bytes: number): string {
  return Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(bytes))).toString('hex');
}
