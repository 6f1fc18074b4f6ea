import { EngineError } from '../../errors.ts';
import type { Dockerfile } from './instruction.ts';

/** How a Dockerfile is read. */
export interface ParseOptions {
  /** What messages call it. */
  name: string;
}

/**
 * Reads a Dockerfile as BuildKit does: directives, comments, lines that go on, documents below an instruction. Throws
 * `invalid`, with file, line and column, and the line itself in the hint.
 */
export function parseDockerfile(_text: string, { name }: ParseOptions): Dockerfile {
  throw new EngineError('unsupported', `${name} cannot be read yet`);
}
