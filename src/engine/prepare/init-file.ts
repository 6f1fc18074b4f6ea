import { accessSync, constants } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { statusOf } from '../../host/named-path.ts';

/** Throws `invalid` for a program of the host that cannot be a container's init: one that is missing, or not executable. */
export function checkInitFile(path: string): void {
  const found = statusOf(path);
  const why = found === undefined ? 'it does not exist' : found.isFile() ? undefined : 'it is no file';
  if (why === undefined && isExecutable(path)) return;
  throw new EngineError('invalid', `${path} cannot be the init: ${why ?? 'it is not executable'}`, {
    subject: path,
    hint: 'name a program of the host that is linked statically, such as /usr/bin/tini-static, or leave --init-path out',
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
