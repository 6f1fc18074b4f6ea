import { EngineError } from '../../errors.ts';
import type { OutputStream } from '../../host/run-program.ts';
import { type PullProgress, SILENT } from '../images/pull-progress.ts';

/** Something that is done for a build: what BuildKit calls a vertex. Numbers begin with 1, in the order in which they begin. */
export interface BuildTask {
  /** As people read it: `[internal] load build definition from Dockerfile`, `[stage-1 2/4] RUN make`. */
  name: string;
  /** Absent: it is about no instruction alone. */
  instruction?: BuildInstruction | undefined;
}

/** An instruction of the Dockerfile. */
export interface BuildInstruction {
  /** Among those of all stages that are needed, from 1. */
  number: number;
  total: number;
  /** As the file has it, on one line. */
  text: string;
}

/** How a task has ended. */
export type TaskEnd =
  | { kind: 'done' }
  /** It was done before, by this build or another. */
  | { kind: 'cached' }
  | { kind: 'failed'; message: string }
  | { kind: 'cancelled' };

/** How much of something has been done, in bytes. */
export interface TaskAmount {
  /** What it is of: `sha256:…`. */
  id: string;
  current: number;
  total: number;
}

/** Hears what a build does. Times are ms since the task began. */
export interface BuildProgress {
  begin(number: number, task: BuildTask): void;
  /** The turn of an instruction, also of one that has no task. Stages are built side by side. */
  instruction?(instruction: BuildInstruction): void;
  /** What a command writes, in pieces as they come. */
  output(number: number, bytes: Uint8Array, stream: OutputStream, ms: number): void;
  /** Resolves when there is room for more output; absent: there always is. */
  room?(): Promise<void>;
  /** A line of what is being done: `sha256:… 0B / 30000000B`. */
  note(number: number, line: string, amount?: TaskAmount): void;
  /** Why the cache has nothing for a step: the part that differs from what it has of the same instruction. */
  miss(number: number, why: string): void;
  end(number: number, end: TaskEnd, ms: number): void;
  /** A whole sentence about the build. */
  warn(sentence: string): void;
}

/** Numbers the tasks of one build, and tells of them. */
export class Tasks {
  readonly #progress: BuildProgress;
  #count = 0;

  constructor(progress: BuildProgress) {
    this.#progress = progress;
  }

  begin(name: string, instruction?: BuildInstruction): Task {
    this.#count += 1;
    return new Task(this.#progress, this.#count, { name, instruction });
  }

  /** Tells of an instruction whose turn it is. */
  turn(instruction: BuildInstruction): void {
    this.#progress.instruction?.(instruction);
  }

  /** Does something, and tells of its beginning and its end. */
  async do<T>(name: string, body: (task: Task) => Promise<T>): Promise<T> {
    const task = this.begin(name);
    try {
      const result = await body(task);
      task.end({ kind: 'done' });
      return result;
    } catch (error) {
      task.fail(error);
      throw error;
    }
  }
}

/** Tells of a pull in the notes of a task; `forLayers` is asked for that of each layer when there is one. */
export function taskProgress(task: () => Task, forLayers = task): PullProgress {
  return {
    message: (text) => task().note(text),
    layer: (digest) => {
      const of = forLayers();
      let size = 0;
      return {
        ...SILENT.layer(digest),
        downloading: (current, total) => {
          if (size !== total) of.note(`${digest} 0B / ${total}B`, { id: digest, current, total });
          size = total;
        },
        done: () => of.note(`${digest} done`, { id: digest, current: size, total: size }),
      };
    },
  };
}

/** A task that has begun, and ends once. */
export class Task {
  readonly name: string;
  readonly #progress: BuildProgress;
  readonly #number: number;
  readonly #began = performance.now();
  #ended = false;

  constructor(progress: BuildProgress, number: number, task: BuildTask) {
    this.#progress = progress;
    this.#number = number;
    this.name = task.name;
    progress.begin(number, task);
  }

  /** Resolves when there is room for more. */
  async output(bytes: Uint8Array, stream: OutputStream): Promise<void> {
    this.#progress.output(this.#number, bytes, stream, this.#ms());
    await this.#progress.room?.();
  }

  note(line: string, amount?: TaskAmount): void {
    this.#progress.note(this.#number, line, amount);
  }

  miss(why: string): void {
    this.#progress.miss(this.#number, why);
  }

  end(end: TaskEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#progress.end(this.#number, end, this.#ms());
  }

  /** Ends it with an error; that of a build which was cancelled is none of its own. */
  fail(error: unknown): void {
    if (error instanceof EngineError && error.kind === 'cancelled') this.end({ kind: 'cancelled' });
    else this.end({ kind: 'failed', message: (error as Error).message });
  }

  #ms(): number {
    return performance.now() - this.#began;
  }
}
