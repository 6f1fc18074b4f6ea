import { randomUUID } from 'node:crypto';
import type { BuildProgress, BuildTask, TaskAmount, TaskEnd } from '../../engine/build/progress.ts';
import { newSha256 } from '../../oci/sha256.ts';
import { Message } from './protobuf.ts';

type OutputStream = Parameters<BuildProgress['output']>[2];

/** The numbers that BuildKit gives to the two streams. */
const STREAMS = { stdout: 1, stderr: 2 } as const;

/** The fields of moby.buildkit.v1.StatusResponse (buildkit, api/services/control/control.proto). */
const VERTEXES = 1;
const STATUSES = 2;
const LOGS = 3;
const WARNINGS = 4;

/** Tells of a build in BuildKit's messages `StatusResponse`. */
export class BuildStatus implements BuildProgress {
  readonly room: () => Promise<void>;
  readonly #tell: (response: Buffer) => void;
  /** Clients show builds side by side, and take for one what has one digest. */
  readonly #salt = randomUUID();
  readonly #vertexes = new Map<number, ShownVertex>();

  /** `room`: resolves when there is room for more of them. */
  constructor(tell: (response: Buffer) => void, room: () => Promise<void> = async () => {}) {
    this.#tell = tell;
    this.room = room;
  }

  begin(number: number, { name }: BuildTask): void {
    const digest = `sha256:${newSha256().update(`${this.#salt} ${number} ${name}`).digest('hex')}`;
    const shown = { digest, name, started: Date.now() };
    this.#vertexes.set(number, shown);
    this.#respond(VERTEXES, vertex(shown));
  }

  output(number: number, bytes: Uint8Array, stream: OutputStream): void {
    const log = new Message().text(1, this.#digestOf(number)).time(2, Date.now());
    this.#respond(LOGS, log.number(3, STREAMS[stream]).bytes(4, bytes));
  }

  note(number: number, line: string, amount?: TaskAmount): void {
    const now = Date.now();
    const isDone = line.endsWith(' done');
    // Whoever shows it says of what has ended that it is done.
    const text = line.replace(/ done$/, '');
    const { id, current, total } = amount ?? { id: text, current: 0, total: 0 };
    const status = new Message().text(1, id).text(2, this.#digestOf(number)).number(4, current);
    this.#respond(
      STATUSES,
      status
        .number(5, total)
        .time(6, now)
        .time(7, now)
        .time(8, isDone ? now : undefined),
    );
  }

  miss(): void {}

  end(number: number, end: TaskEnd): void {
    const shown = this.#vertexes.get(number);
    if (shown !== undefined) this.#respond(VERTEXES, vertex(shown, { ...end, completed: Date.now() }));
  }

  warn(sentence: string): void {
    this.#respond(WARNINGS, new Message().number(2, 1).bytes(3, Buffer.from(sentence)));
  }

  #digestOf(number: number): string | undefined {
    return this.#vertexes.get(number)?.digest;
  }

  #respond(field: number, value: Message): void {
    this.#tell(new Message().message(field, value).encoded());
  }
}

interface ShownVertex {
  digest: string;
  name: string;
  /** ms since the epoch. */
  started: number;
}

function vertex({ digest, name, started }: ShownVertex, end?: TaskEnd & { completed: number }): Message {
  const told = new Message()
    .text(1, digest)
    .text(3, name)
    .number(4, end?.kind === 'cached')
    .time(5, started);
  return told.time(6, end?.completed).text(7, end === undefined ? undefined : errorOf(end));
}

function errorOf(end: TaskEnd): string | undefined {
  if (end.kind === 'failed') return end.message;
  return end.kind === 'cancelled' ? 'context canceled' : undefined;
}
