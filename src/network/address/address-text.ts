export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

/** Writes an address as it stands before a port: IPv6 in brackets. */
export function bracketed(address: string): string {
  return familyOf(address) === 6 ? `[${address}]` : address;
}
