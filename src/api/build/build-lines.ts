import { StringDecoder } from 'node:string_decoder';
import type {
  BuildInstruction,
  BuildProgress,
  BuildTask,
  TaskAmount,
  TaskEnd,
} from '../../engine/build/progress.ts';
import type { Digest } from '../../oci/digest.ts';
import { HeldLines } from './held-lines.ts';

type OutputStream = Parameters<BuildProgress['output']>[2];

/**
 * Tells of a build in the lines of Docker's classic builder: `Step 1/3 : FROM busybox`, what the step writes (that of its
 * standard error in red), ` ---> Using cache`, `Successfully built …`. A quiet one tells its id only, and all of it when it fails.
 */
export class BuildLines implements BuildProgress {
  readonly room: () => Promise<void>;
  readonly #lines: HeldLines;
  readonly #tasks = new Map<number, ShownTask>();
  /** The one whose name was said last. */
  #current: number | undefined;

  /** `room`: resolves when there is room for more lines. */
  constructor(
    line: (line: object) => void,
    { isQuiet, room = async () => {} }: { isQuiet: boolean; room?: () => Promise<void> },
  ) {
    this.room = room;
    this.#lines = new HeldLines(line, isQuiet);
  }

  instruction({ number, total, text }: BuildInstruction): void {
    this.#current = number;
    this.#say(`Step ${number}/${total} : ${text}\n`);
  }

  begin(number: number, { instruction }: BuildTask): void {
    this.#tasks.set(number, {
      instruction,
      stdout: new StringDecoder('utf8'),
      stderr: new StringDecoder('utf8'),
    });
  }

  output(number: number, bytes: Uint8Array, stream: OutputStream): void {
    const task = this.#tasks.get(number);
    if (task === undefined) return;
    this.#write(task, stream, task[stream].write(Buffer.from(bytes)));
  }

  /** What is fetched has bars. */
  note(_number: number, _line: string, amount?: TaskAmount): void {
    if (amount === undefined) return;
    const { id, current, total } = amount;
    const isDone = current >= total;
    this.#tell({
      status: isDone ? 'Pull complete' : 'Downloading',
      progressDetail: isDone ? {} : { current, total },
      id: shortId(id),
    });
  }

  miss(): void {}

  end(number: number, { kind }: TaskEnd): void {
    const task = this.#tasks.get(number);
    this.#tasks.delete(number);
    if (task === undefined) return;
    for (const stream of ['stdout', 'stderr'] as const) this.#write(task, stream, task[stream].end());
    if (kind !== 'cached' || task.instruction === undefined) return;
    this.#turnTo(task.instruction);
    this.#say(' ---> Using cache\n');
  }

  warn(sentence: string): void {
    this.#say(`[Warning] ${sentence}\n`);
  }

  /** Tells what has become of it. */
  built(id: Digest, names: readonly string[]): void {
    if (this.#lines.isQuiet) {
      this.#lines.tellAnyway({ stream: `${id}\n` });
      return;
    }
    this.#say(` ---> ${shortId(id)}\n`);
    this.#tell({ aux: { ID: id } });
    this.#say(`Successfully built ${shortId(id)}\n`);
    for (const name of names) this.#say(`Successfully tagged ${name}\n`);
  }

  /** Tells what a quiet build has not. */
  tellHeld(): void {
    this.#lines.tellHeld();
  }

  #write({ instruction }: ShownTask, stream: OutputStream, text: string): void {
    if (text === '') return;
    if (instruction !== undefined) this.#turnTo(instruction);
    this.#say(stream === 'stderr' ? `\u001b[91m${text}\u001b[0m` : text);
  }

  /** Stages are built side by side: whose turn it is again says so. */
  #turnTo(instruction: BuildInstruction): void {
    if (this.#current !== instruction.number) this.instruction(instruction);
  }

  #say(stream: string): void {
    this.#lines.tell({ stream }, stream.length);
  }

  #tell(line: object): void {
    this.#lines.tellInPassing(line);
  }
}

/** A task that is under way; pieces of its output may end within a character. */
interface ShownTask {
  instruction: BuildInstruction | undefined;
  stdout: StringDecoder;
  stderr: StringDecoder;
}

function shortId(id: string): string {
  return id.slice(id.indexOf(':') + 1).slice(0, 12);
}
