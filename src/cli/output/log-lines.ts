import { fixedTime, type LogEntry } from '../../engine/logs/entry.ts';
import { print, printError } from './print.ts';

export interface LogFormat {
  /** The names of the sources, by their number; absent: lines do not say where they are from. */
  names: readonly string[] | undefined;
  timestamps: boolean;
  details: boolean;
}

/** Prints entries of logs as Docker does, each to the stream that it was written to. */
export class LogPrinter {
  readonly #format: LogFormat;
  readonly #labels: readonly string[];
  /** The streams whose last entry did not end its line: the next one continues it. */
  readonly #unfinished = new Set<string>();

  constructor(format: LogFormat) {
    this.#format = format;
    const { names = [] } = format;
    const width = Math.max(0, ...names.map((name) => name.length));
    this.#labels = names.map((name) => `${name.padEnd(width)} | `);
  }

  print(source: number, entries: readonly LogEntry[]): void {
    let text = '';
    let stream: LogEntry['stream'] | undefined;
    for (const entry of entries) {
      if (stream !== undefined && entry.stream !== stream) {
        write(stream, text);
        text = '';
      }
      stream = entry.stream;
      text += this.#prefix(source, entry) + entry.text;
    }
    if (stream !== undefined) write(stream, text);
  }

  #prefix(source: number, { stream, time, text, attributes }: LogEntry): string {
    const { timestamps, details } = this.#format;
    const label = this.#labels[source] ?? '';
    if (!timestamps && !details && label === '') return '';
    const line = `${source} ${stream}`;
    const continues = this.#unfinished.has(line);
    if (text.endsWith('\n')) this.#unfinished.delete(line);
    else this.#unfinished.add(line);
    if (continues) return '';
    return `${label}${timestamps ? `${fixedTime(time)} ` : ''}${details ? `${attributesText(attributes)} ` : ''}`;
  }
}

function write(stream: LogEntry['stream'], text: string): void {
  if (stream === 'stderr') printError(text);
  else print(text);
}

/** `key=value,key=value`, by key, both escaped as in a URL's query. */
function attributesText(attributes: LogEntry['attributes']): string {
  return Object.entries(attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${queryEscape(key)}=${queryEscape(value)}`)
    .join(',');
}

function queryEscape(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
