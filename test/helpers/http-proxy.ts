import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A proxy for plain HTTP that takes every host for the same one. */
export interface HttpProxy {
  url: string;
  /** `METHOD URL` of every request, in order; `CONNECT host:port` is refused. */
  requests: string[];
  stop(): Promise<void>;
}

/** Starts a proxy on loopback that hands what it is asked for on to `target` (`host:port`). */
export async function startHttpProxy(target: string): Promise<HttpProxy> {
  const [host, port] = target.split(':');
  const requests: string[] = [];
  const server = createServer(({ method, url = '', headers }, response) => {
    requests.push(`${method} ${url}`);
    const { pathname, search } = new URL(url, 'http://nowhere');
    const onward = forward({ host, port, method, headers, path: `${pathname}${search}` }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.end();
  });
  server.on('connect', ({ url }, socket) => {
    requests.push(`CONNECT ${url}`);
    // Who is refused may end the connection as it likes.
    socket.on('error', () => {});
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
