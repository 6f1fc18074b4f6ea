import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect } from 'vitest';
import { builtProgram } from './built-program.ts';
import type { Manner, Order } from './dns-peer.ts';
import { type DnsAnswer, decodeAnswer, encodeQuestion, type Question } from './dns-wire.ts';
import { Peer } from './network-peer.ts';
import { until } from './until.ts';

const PORT = 61053;

/** Programs of test/programs by what they are to show. */
const PROGRAMS = { confined: 'resolver', sanitized: 'resolver-asan' } as const;
type Build = keyof typeof PROGRAMS;

export interface Asked {
  message: Buffer;
  port: number;
  stream: boolean;
}

/** A host and a container, each a network namespace with a loopback, and the files of names. */
export class ResolverRoom {
  readonly root: string;
  readonly names: string;
  readonly config: string;
  pid = 0;
  #children: ChildProcess[] = [];
  #namespaces: { host: string; container: string } | undefined;
  #client: Peer | undefined;
  #server: Peer | undefined;
  /** For its owner alone, as RUN is. */
  readonly #run: string;
  #resolver: ChildProcess | undefined;

  /** The files of names lie in a directory of `parent`. */
  constructor(parent: string) {
    this.root = mkdtempSync(join(tmpdir(), 'skiff-resolver-'));
    this.#run = mkdtempSync(join(parent, 'skiff-resolver-'));
    this.names = join(this.#run, 'names');
    this.config = join(this.names, 'containers', idOf(0));
    mkdirSync(join(this.names, 'containers'), { recursive: true });
    mkdirSync(join(this.names, 'networks'));
  }

  /** Writes what the container's resolver may say and whom it may ask, in one step. */
  configure(...lines: string[]): void {
    this.#replace(this.config, lines);
  }

  /** Writes the names and addresses of a container on a network. */
  endpoint(network: string, number: number, ...lines: string[]): void {
    mkdirSync(join(this.names, 'networks', network), { recursive: true });
    this.#replace(join(this.names, 'networks', network, idOf(number)), lines);
  }

  leave(network: string, number: number): void {
    rmSync(join(this.names, 'networks', network, idOf(number)));
  }

  #replace(path: string, lines: string[]): void {
    const temporary = join(dirname(path), `.${basename(path)}`);
    writeFileSync(temporary, lines.map((line) => `${line}\n`).join(''));
    renameSync(temporary, path);
  }

  /** Starts it; `sanitized` without its confinement. */
  async start(build: Build = 'confined', loopback = true): Promise<void> {
    const host = await this.#namespace(true);
    const container = await this.#namespace(loopback);
    this.#namespaces = { host, container };
    await this.restart(build);
    this.#client = this.#peer(container);
  }

  async restart(build: Build = 'confined'): Promise<void> {
    const { host, container } = this.#namespaces ?? { host: '', container: '' };
    if (this.#resolver !== undefined) {
      this.#resolver.stdin?.end();
      await once(this.#resolver, 'exit');
      await until(() => !this.isAlive());
    }
    const child = spawn('nsenter', [`--net=${host}`, builtProgram(PROGRAMS[build]), container, this.config], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ASAN_OPTIONS: `detect_leaks=0:log_path=${join(this.root, 'complaint')}` },
    });
    this.#resolver = child;
    this.#children.push(child);
    this.pid = Number(await firstLine(child));
  }

  /** The path of the container's network namespace. */
  get container(): string {
    return this.#namespaces?.container ?? '';
  }

  /** False for one that nobody waited for yet, too. */
  isAlive(): boolean {
    return existsSync(`/proc/${this.pid}`) && !this.status('State').startsWith('Z');
  }

  async #namespace(loopback: boolean): Promise<string> {
    const up = loopback ? 'busybox ip link set lo up;' : '';
    const child = spawn('unshare', ['--net', 'sh', '-c', `${up} echo ready; exec cat`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    await firstLine(child);
    return `/proc/${child.pid}/ns/net`;
  }

  #peer(namespace: string): Peer {
    const peer = new Peer(namespace);
    this.#children.push(peer.child);
    return peer;
  }

  /** A server on the loopback of one of them. */
  async serve(where: 'host' | 'container', address: string, manner: Manner): Promise<void> {
    const namespace = this.#namespaces?.[where] ?? '';
    this.#server ??= this.#peer(namespace);
    await this.#server.order({ do: 'serve', address, manner });
  }

  /** Returns the questions that the servers got since the last call. */
  async asked(): Promise<Asked[]> {
    const asked =
      (await this.#server?.order<{ message: string; port: number; stream: boolean }[]>({
        do: 'asked',
      })) ?? [];
    return asked.map(({ message, ...rest }) => ({ ...rest, message: Buffer.from(message, 'hex') }));
  }

  async #order<T>(order: Order): Promise<T> {
    if (this.#client === undefined) throw new Error('not started');
    return await this.#client.order<T>(order);
  }

  /** Asks by a datagram; undefined: no answer within 8 s. */
  async raw(message: Buffer): Promise<Buffer | undefined> {
    const { answers } = await this.#order<{ answers: string[] }>({
      do: 'ask',
      message: message.toString('hex'),
      port: PORT,
      times: 1,
    });
    return answers[0] === undefined ? undefined : Buffer.from(answers[0], 'hex');
  }

  async ask(question: Question | string): Promise<DnsAnswer> {
    const answer = await this.raw(
      encodeQuestion(typeof question === 'string' ? { name: question } : question),
    );
    if (answer === undefined) throw new Error('no answer');
    return decodeAnswer(answer);
  }

  /** µs of the resolver's time on a processor for each of so many questions, one after the other. */
  async time(name: string, times: number): Promise<number> {
    const message = encodeQuestion({ name }).toString('hex');
    const before = this.#cpuNs();
    const { answers } = await this.#order<{ answers: string[] }>({ do: 'ask', message, port: PORT, times });
    expect(answers.length).toBe(times);
    return (this.#cpuNs() - before) / 1000 / times;
  }

  #cpuNs(): number {
    return Number(readFileSync(`/proc/${this.pid}/schedstat`, 'utf8').split(' ')[0]);
  }

  /** Writes these chunks to one connection; its answers, so many at most, and whether it was closed before. */
  async stream(chunks: Buffer[], answers: number): Promise<{ answers: DnsAnswer[]; closed: boolean }> {
    const result = await this.#order<{ answers: string[]; closed: boolean }>({
      do: 'connect',
      chunks: chunks.map((chunk) => chunk.toString('hex')),
      port: PORT,
      answers,
    });
    return { ...result, answers: result.answers.map((answer) => decodeAnswer(Buffer.from(answer, 'hex'))) };
  }

  async askByStream(question: Question): Promise<DnsAnswer> {
    const { answers } = await this.stream([framed(encodeQuestion(question))], 1);
    if (answers[0] === undefined) throw new Error('no answer');
    return answers[0];
  }

  /** Sends these datagrams from so many sockets, and waits for nothing. */
  async flood(messages: Buffer[], sockets: number): Promise<void> {
    const hex = messages.map((message) => message.toString('hex'));
    await this.#order({ do: 'flood', messages: hex, port: PORT, sockets });
  }

  /** Opens so many connections that say `chunk` and then nothing. */
  async hold(count: number, chunk: Buffer): Promise<void> {
    await this.#order({ do: 'hold', count, chunk: chunk.toString('hex'), port: PORT });
  }

  /** kB, of smaps_rollup. */
  memory(field: 'Rss' | 'Pss' | 'Anonymous'): number {
    const text = readFileSync(`/proc/${this.pid}/smaps_rollup`, 'utf8');
    return Number(new RegExp(`^${field}: +(\\d+) kB`, 'm').exec(text)?.[1]);
  }

  status(field: string): string {
    const text = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return new RegExp(`^${field}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(text)?.[1] ?? '';
  }

  /** Returns the complaints of the sanitizers. */
  complaints(): string[] {
    const files = readdirSync(this.root).filter((name) => name.startsWith('complaint'));
    return files.map((name) => readFileSync(join(this.root, name), 'utf8'));
  }

  async close(): Promise<void> {
    const ended = this.#children
      .filter((child) => child.exitCode === null && child.signalCode === null)
      .map(async (child) => {
        const exit = once(child, 'exit');
        child.kill('SIGKILL');
        await exit;
      });
    await Promise.all(ended);
    const complaints = this.complaints();
    rmSync(this.root, { recursive: true });
    rmSync(this.#run, { recursive: true });
    expect(complaints).toEqual([]);
  }
}

/** A room for one test file. */
export function useResolverRoom(parent = tmpdir()): ResolverRoom {
  const room = new ResolverRoom(parent);
  afterAll(() => room.close());
  return room;
}

export function idOf(number: number): string {
  return number.toString(16).padStart(64, '0');
}

/** Returns a message with the length that stands before it on a connection. */
export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no output');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('it ended');
}
