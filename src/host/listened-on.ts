/** The part of Bun's API that is used here (bun.com/docs/api/tcp). */
interface BunListeners {
  listen(options: { hostname: string; port: number; socket: { data(): void } }): {
    stop(closes: boolean): void;
  };
}

/**
 * Whether somebody is in the way of listening on a TCP port of an address; undefined on Node, which does not say so at
 * once. What else may be wrong with the address is for whoever wants to have the port.
 * The kernel's own list of sockets takes 17 ms to read on a machine with 24 GB of memory, however few there are.
 */
export function isListenedOn(hostname: string, port: number): boolean | undefined {
  const { Bun: bun } = globalThis as { Bun?: BunListeners };
  if (bun === undefined) return undefined;
  try {
    bun.listen({ hostname, port, socket: { data() {} } }).stop(true);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  }
}
