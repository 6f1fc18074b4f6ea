import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Order } from './dns-peer.ts';

/** A process in a network namespace, which it keeps. */
export class Peer {
  readonly child: ChildProcess;
  #orders = 0;

  constructor(namespace: string) {
    // nsenter becomes node; the channel stays open.
    this.child = fork(join(import.meta.dirname, 'dns-peer.ts'), [], {
      execPath: 'nsenter',
      execArgv: [`--net=${namespace}`, process.execPath],
    });
  }

  async order<T>(order: Order): Promise<T> {
    const number = ++this.#orders;
    return await new Promise<T>((done, fail) => {
      const end = () => fail(new Error('the peer ended'));
      const listen = (message: unknown) => {
        const reply = message as { number: number; result: T };
        if (reply.number !== number) return;
        this.child.off('message', listen);
        this.child.off('exit', end);
        done(reply.result);
      };
      this.child.on('message', listen);
      this.child.once('exit', end);
      this.child.send({ number, order });
    });
  }
}
