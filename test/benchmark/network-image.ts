import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addBusybox, LayerTree } from '../helpers/layer-tree.ts';
import { writeLayout } from '../helpers/oci-layout.ts';
import type { TestRegistry } from '../helpers/registry.ts';
import { run } from './measure.ts';

const NAME = 'network-tools';
const TAG = 'latest';
const PROGRAMS = ['/usr/bin/iperf3', '/usr/bin/wrk', '/usr/sbin/nginx'];

/** Where the server listens in its container. */
export const HTTP_PORT = 80;
export const IPERF_PORT = 5201;

/** What the server's container runs: nginx with a file of 1 KiB, and iperf3. */
export const SERVER = ['sh', '-c', 'iperf3 --server --daemon; exec nginx -c /etc/nginx.conf'];

const NGINX = `
daemon off;
user root;
worker_processes 1;
error_log stderr crit;
pid /tmp/nginx.pid;
events { worker_connections 1024; }
http {
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path /tmp/body;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;
    server { listen ${HTTP_PORT}; root /srv; }
}
`;

/** Pushes an image with this machine's nginx, wrk and iperf3 and the libraries that they need. Returns its name. */
export async function pushNetworkTools({ host }: TestRegistry): Promise<string> {
  const tree = new LayerTree();
  addBusybox(tree);
  const files = new Set(PROGRAMS.flatMap((program) => [program, ...librariesOf(program)]));
  for (const file of files) tree.file(file.slice(1), readFileSync(file), { mode: 0o755 });
  tree.file('etc/nginx.conf', NGINX);
  tree.file('srv/index.html', 'x'.repeat(1024));
  tree.directory('var/log/nginx');
  const layout = mkdtempSync(join(tmpdir(), 'network-tools-'));
  try {
    const config = { Cmd: ['sh'], Env: ['PATH=/bin:/usr/bin:/usr/sbin'] };
    writeLayout(layout, [{ tag: TAG, layers: [tree.archive()], config }]);
    const options = ['--insecure-policy', 'copy', '--quiet', '--dest-tls-verify=false'];
    await run('skopeo', [...options, `oci:${layout}:${TAG}`, `docker://${host}/${NAME}:${TAG}`]);
  } finally {
    rmSync(layout, { recursive: true, force: true });
  }
  return `${host}/${NAME}:${TAG}`;
}

/** The interpreter as well. */
function librariesOf(program: string): string[] {
  const text = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...text.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
}
