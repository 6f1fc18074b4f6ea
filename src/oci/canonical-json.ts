/**
 * Writes a value as canonical JSON, which the image spec wants for blobs (OCI image spec, considerations.md): members in
 * the order of their names' code points, no white space, members that are undefined left out. The same content is the
 * same bytes, in whichever order it was put together.
 */
export function canonicalJson(value: unknown): Uint8Array {
  return Buffer.from(serialise(value));
}

function serialise(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(serialise).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, item]) => item !== undefined);
  members.sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  return `{${members.map(([name, item]) => `${JSON.stringify(name)}:${serialise(item)}`).join()}}`;
}
