/** The most characters that a quiet build keeps, to tell them if it fails: the last ones. */
const HELD_MAX = 1 << 20;

/** The lines of a build; a quiet one keeps them back, for the case that it fails. */
export class HeldLines {
  readonly isQuiet: boolean;
  readonly #line: (line: object) => void;
  readonly #held: { line: object; length: number }[] = [];
  #heldLength = 0;

  constructor(line: (line: object) => void, isQuiet: boolean) {
    this.isQuiet = isQuiet;
    this.#line = line;
  }

  /** `length`: about how many characters it has. */
  tell(line: object, length: number): void {
    if (!this.isQuiet) {
      this.#line(line);
      return;
    }
    this.#held.push({ line, length });
    this.#heldLength += length;
    while (this.#held.length > 1 && this.#heldLength > HELD_MAX)
      this.#heldLength -= this.#held.shift()?.length ?? 0;
  }

  /** What is of no use afterwards, as how far something is. */
  tellInPassing(line: object): void {
    if (!this.isQuiet) this.#line(line);
  }

  /** Also of a quiet build. */
  tellAnyway(line: object): void {
    this.#line(line);
  }

  /** Tells what was kept back. */
  tellHeld(): void {
    for (const { line } of this.#held.splice(0)) this.#line(line);
  }
}
