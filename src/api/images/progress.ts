import type { PullProgress } from '../../engine/images/pull-progress.ts';
import type { PushProgress } from '../../engine/images/push-progress.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Reply, ReplyStream } from '../http/reply.ts';
import { errorAnswer } from '../http/status.ts';

/** ms between two lines of one layer: clients draw them, and nobody reads faster. */
const INTERVAL_MS = 100;

/** Docker's JSONError. */
export interface ErrorDetail {
  code?: number;
  message: string;
}

/** Docker's lines of JSON that say how far something is: `status`, `id`, `progressDetail`, `aux`, and at last `errorDetail`. */
export class Progress {
  readonly #reply: Reply;
  readonly #detail: (error: unknown) => ErrorDetail;
  #stream: ReplyStream | undefined;
  #preface: object | undefined;
  #written = Promise.resolve();

  /** `detail`: what is said of an error; its message when it is absent. */
  constructor(reply: Reply, detail: (error: unknown) => ErrorDetail = (error) => errorAnswer(error).body) {
    this.#reply = reply;
    this.#detail = detail;
  }

  /**
   * Tells of all that happens in `body`. The head is sent with the first line: what fails before that has a status of its own;
   * what fails later is the last line.
   */
  async during(body: () => Promise<void>): Promise<void> {
    try {
      await body();
      this.#open().end();
    } catch (error) {
      if (this.#stream === undefined) throw error;
      const detail = this.#detail(error);
      this.line({ errorDetail: detail, error: detail.message });
      this.#stream.end();
    }
  }

  say(status: string): void {
    this.line({ status });
  }

  line(value: object): void {
    const stream = this.#open();
    if (this.#preface !== undefined) void stream.line(this.#preface);
    this.#preface = undefined;
    this.#written = stream.line(value);
  }

  /** A line that comes before the next one, and never when there is none: what fails at once can still have a status. */
  preface(value: object): void {
    this.#preface = value;
  }

  /** Resolves when the client has room for more lines, or has gone. */
  async room(): Promise<void> {
    await this.#written;
  }

  /** Layers that are here already are told of when one is fetched, or by `existing`: nobody asks for those of an image that is here. */
  ofPull(): PullProgress & { existing(): void } {
    const held: string[] = [];
    const existing = () => {
      for (const id of held.splice(0)) this.line({ status: 'Already exists', progressDetail: {}, id });
    };
    return {
      existing,
      message: (text) => this.say(text),
      layer: (digest) => {
        const id = shortId(digest);
        const step = this.#stepper(id);
        let isBegun = false;
        const begin = () => {
          if (isBegun) return;
          isBegun = true;
          existing();
          this.line({ status: 'Pulling fs layer', progressDetail: {}, id });
        };
        return {
          exists: () => void held.push(id),
          downloading: (current, total) => {
            begin();
            if (current > 0) step('Downloading', current, total);
          },
          downloaded: () => this.line({ status: 'Download complete', progressDetail: {}, id }),
          extracting: (current, total) => step('Extracting', current, total),
          done: () => this.line({ status: 'Pull complete', progressDetail: {}, id }),
        };
      },
    };
  }

  /** Tells of the layers that are not here yet. */
  ofLoad(): PullProgress {
    return {
      message: (text) => this.say(text),
      layer: (digest) => {
        const id = shortId(digest);
        const step = this.#stepper(id);
        const status = 'Loading layer';
        let size = 0;
        return {
          exists: () => {},
          downloading: (_current, total) => {
            size = total;
          },
          downloaded: () => {},
          extracting: (current, total) => step(status, current, total),
          done: () => this.line({ status, progressDetail: { current: size, total: size }, id }),
        };
      },
    };
  }

  /** Tells of bytes on their way, of which `total` are expected. */
  async *ofImport(bytes: AsyncIterable<Uint8Array>, total: number | undefined): AsyncGenerator<Uint8Array> {
    const step = this.#stepper();
    let current = 0;
    for await (const piece of bytes) {
      current += piece.length;
      step('Importing', current, total);
      yield piece;
    }
  }

  ofPush(): PushProgress {
    return {
      repository: (name) => this.say(`The push refers to repository [${name}]`),
      layer: (diffID) => {
        const id = shortId(diffID);
        const step = this.#stepper(id);
        return {
          preparing: () => this.line({ status: 'Preparing', progressDetail: {}, id }),
          pushing: (current, total) => step('Pushing', current, total),
          exists: () => this.line({ status: 'Layer already exists', progressDetail: {}, id }),
          mounted: (from) => this.line({ status: `Mounted from ${from}`, progressDetail: {}, id }),
          done: () => this.line({ status: 'Pushed', progressDetail: {}, id }),
        };
      },
      pushed: (tag, digest, size) => {
        this.say(`${tag}: digest: ${digest} size: ${size}`);
        this.line({ progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: size } });
      },
    };
  }

  /** Says how far a layer is, not more often than anybody looks. */
  #stepper(id?: string): (status: string, current: number, total: number | undefined) => void {
    let last = 0;
    return (status, current, total) => {
      const now = performance.now();
      if (now - last < INTERVAL_MS) return;
      last = now;
      this.line({ status, progressDetail: { current, total }, id });
    };
  }

  #open(): ReplyStream {
    this.#stream ??= this.#reply.stream('application/json');
    return this.#stream;
  }
}

function shortId(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, 12);
}
