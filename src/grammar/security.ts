import type { SecurityOptions } from '../engine/options/create.ts';
import { EngineError } from '../errors.ts';
import { readBeginning } from '../host/read-text.ts';
import { userPath } from '../host/working-directory.ts';
import { MAX_FILE_BYTES, tooLong } from './file-size.ts';
import { booleanWord } from './words.ts';

/** The settings that `--security-opt` can change. */
export type SecurityOpts = Pick<
  SecurityOptions,
  'noNewPrivileges' | 'seccomp' | 'apparmor' | 'label' | 'unmaskedPaths' | 'writableCgroups'
>;

/**
 * Collects `--security-opt`: KEY=VALUE, or KEY:VALUE as older clients of Docker write it. A seccomp profile is read
 * here, as its path is the user's. Throws `invalid`; `notFound` or `denied` for a profile that cannot be read.
 */
export function collectSecurityOpt(text: string, previous: SecurityOpts = {}): SecurityOpts {
  if (text === 'no-new-privileges') return { ...previous, noNewPrivileges: true };
  const at = text.includes('=') ? text.indexOf('=') : text.indexOf(':');
  const [key, value] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  if (value === '') throw unknown(text, 'write KEY=VALUE');
  switch (key) {
    case 'no-new-privileges':
      return { ...previous, noNewPrivileges: booleanOf(text, value) };
    case 'writable-cgroups':
      return { ...previous, writableCgroups: booleanOf(text, value) };
    case 'seccomp':
      return { ...previous, seccomp: seccompOf(value) };
    case 'apparmor':
      return { ...previous, apparmor: value };
    case 'label':
      return { ...previous, label: [...(previous.label ?? []), value] };
    case 'systempaths':
      if (value !== 'unconfined') throw unknown(text, 'use systempaths=unconfined');
      return { ...previous, unmaskedPaths: true };
    default:
      throw unknown(
        text,
        'there are seccomp=, no-new-privileges, apparmor=, label=, systempaths=unconfined and writable-cgroups=',
      );
  }
}

function booleanOf(text: string, value: string): boolean {
  const word = booleanWord(value);
  if (word === undefined) throw unknown(text, 'use true or false');
  return word;
}

function unknown(text: string, hint: string): EngineError {
  return new EngineError('invalid', `invalid --security-opt: "${text}"`, { subject: text, hint });
}

function seccompOf(value: string): SecurityOptions['seccomp'] {
  if (value === 'unconfined' || value === 'builtin') return value;
  const file = userPath(value);
  try {
    const bytes = readBeginning(file, MAX_FILE_BYTES + 1);
    if (bytes.length <= MAX_FILE_BYTES) return { profile: bytes.toString(), source: value };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    const reason = missing ? 'no such file' : message.replace(/^[A-Z]+: |, .*$/g, '');
    throw new EngineError(
      missing ? 'notFound' : 'denied',
      `cannot read the seccomp profile ${value}: ${reason}`,
      {
        subject: value,
        hint: "name a file with a profile in Docker's JSON, or use builtin or unconfined",
        cause,
      },
    );
  }
  throw tooLong('the seccomp profile', value);
}

/** Collects `--sysctl NAME=VALUE`; which ones a container may set is for the engine to say. Throws `invalid`. */
export function collectSysctl(text: string, previous: Record<string, string> = {}): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals > 0) return { ...previous, [text.slice(0, equals)]: text.slice(equals + 1) };
  throw new EngineError('invalid', `invalid sysctl: "${text}"`, {
    subject: text,
    hint: 'write NAME=VALUE, as in net.ipv4.ip_forward=1',
  });
}
