/** A path as a shell would go there from a directory: absolute, without `.` and `..`, and without a slash at its end. */
export function joinedPath(from: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${from}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** The last part of a path. */
export function lastPart(path: string): string {
  return path.split('/').findLast((part) => part !== '') ?? '';
}
