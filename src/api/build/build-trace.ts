import type { Digest } from '../../oci/digest.ts';
import { BuildStatus } from '../buildkit/status.ts';
import { HeldLines } from './held-lines.ts';

/**
 * Tells of a build as BuildKit's endpoint: lines `moby.buildkit.trace`, each with a StatusResponse in base64, and at last the id.
 * A quiet one tells its id only, and all of it when it fails.
 */
export class BuildTrace extends BuildStatus {
  readonly #lines: HeldLines;

  /** `room`: resolves when there is room for more lines. */
  constructor(
    line: (line: object) => void,
    { isQuiet, room }: { isQuiet: boolean; room?: () => Promise<void> },
  ) {
    const lines = new HeldLines(line, isQuiet);
    super((response) => {
      const aux = response.toString('base64');
      lines.tell({ id: 'moby.buildkit.trace', aux }, aux.length);
    }, room);
    this.#lines = lines;
  }

  /** Tells what has become of it. */
  built(id: Digest): void {
    this.#lines.tellAnyway({ id: 'moby.image.id', aux: { ID: id } });
    if (this.#lines.isQuiet) this.#lines.tellAnyway({ stream: `${id}\n` });
  }

  /** Tells what a quiet build has not. */
  tellHeld(): void {
    this.#lines.tellHeld();
  }
}
