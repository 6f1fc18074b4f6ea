/** The cause of the error of a RUN whose command has ended with another code than 0. */
export class FailedCommand extends Error {
  override readonly name = 'FailedCommand';
  readonly argv: readonly string[];
  readonly code: number;

  constructor(argv: readonly string[], code: number) {
    super(`${argv.join(' ')}: exit code: ${code}`);
    this.argv = argv;
    this.code = code;
  }
}

/** The command that an error of a build is about; undefined: it is about something else. */
export function failedCommandOf(error: unknown): FailedCommand | undefined {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof FailedCommand) return at;
  return undefined;
}
