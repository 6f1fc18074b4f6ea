import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { pushImages, referenceOf } from '../helpers/image-layouts.ts';
import { HOST4, useInternet } from '../helpers/internet.ts';
import { describeLong } from '../helpers/long.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { type Store, useStore } from '../helpers/skiff.ts';

const TOKEN = 'a-token-that-must-not-stay';
const SERVER = 'FROM BASE\nRUN groupadd -r app && useradd -r -g app app && install -d -o app -g app /data';

/** What all three have: where they listen, who they are, what they keep, and how they say that they are well. */
const served = (command: string) => `USER app
EXPOSE 8080
VOLUME /data
HEALTHCHECK --interval=1s --start-interval=100ms --start-period=1m CMD test -e /tmp/listening
CMD ${command}
`;

interface Project {
  files: Record<string, string>;
  /** One line of one file, and what the server says after it. */
  change: { file: string; from: string; to: string };
  /** The steps that are done again then; all others come from the cache. */
  again: RegExp[];
}

const C: Project = {
  files: {
    Dockerfile: `FROM BASE AS build
WORKDIR /src
COPY Makefile ./
RUN --mount=type=secret,id=token,required sha256sum < /run/secrets/token > /license
COPY main.c ./
RUN --mount=type=cache,target=/objects make && cp /objects/server /server
${SERVER}
COPY --from=build --chown=app:app /license /server /usr/local/bin/
${served('["server"]')}`,
    Makefile: '/objects/server: main.c\n\tgcc -O1 -Wall -Werror -o $@ $<\n',
    'main.c': `#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#define GREETING "one"
int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(8080)};
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0), visits = open("/data/visits", O_CREAT | O_RDWR | O_APPEND, 0600);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (visits < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 9) < 0) return 1;
    close(open("/tmp/listening", O_CREAT, 0600));
    for (;;) {
        char asked[4096];
        struct stat stat;
        int peer = accept(listener, NULL, NULL);
        if (read(peer, asked, sizeof asked) < 0 || write(visits, ".", 1) < 0 || fstat(visits, &stat) < 0) return 1;
        dprintf(peer, "HTTP/1.0 200 OK\\r\\n\\r\\n%s %ld %d", GREETING, (long)stat.st_size, getuid() != 0);
        close(peer);
    }
}
`,
  },
  change: { file: 'main.c', from: '#define GREETING "one"', to: '#define GREETING "two"' },
  again: [/COPY main\.c/, /RUN --mount=type=cache,target=\/objects make/, /COPY --from=build/],
};

const PYTHON: Project = {
  files: {
    Dockerfile: `FROM BASE AS build
COPY lib /app/lib
RUN --mount=type=cache,target=/root/.cache --mount=type=secret,id=token,env=TOKEN <<COMPILE
set -e
test "$TOKEN" = ${TOKEN.split('-').join("''-")}
python3 -m compileall -q /app/lib
COMPILE
COPY greeting.py /app/
${SERVER}
WORKDIR /app
COPY --from=build /app .
ENV PYTHONPATH=/app/lib
${served('python3 -B greeting.py')}`,
    'lib/serve.py': `import http.server, os
def serve(greeting):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            with open('/data/visits', 'a') as visits: visits.write('.')
            text = f"{greeting} {os.path.getsize('/data/visits')} {int(os.getuid() != 0)}".encode()
            self.send_response(200); self.end_headers(); self.wfile.write(text)
    server = http.server.HTTPServer(('', 8080), Handler)
    open('/tmp/listening', 'w').close()
    server.serve_forever()
`,
    'greeting.py': "import serve\nserve.serve('one')\n",
  },
  change: { file: 'greeting.py', from: "'one'", to: "'two'" },
  again: [/COPY greeting\.py/, /COPY --from=build/],
};

const NODE: Project = {
  files: {
    Dockerfile: `FROM BASE AS build
RUN --mount=type=bind,source=tools,target=/tools --mount=type=cache,target=/cache,sharing=locked node /tools/version.js > /version.js
COPY package.json server.js /app/
RUN --mount=type=secret,id=token,target=/root/.npmrc test -s /root/.npmrc && node --check /app/server.js
${SERVER}
WORKDIR /app
COPY --from=build /version.js .
COPY --from=build /app .
${served('["node", "server.js"]')}`,
    'tools/version.js': 'console.log("module.exports = 1")\n',
    'package.json': '{ "name": "story", "version": "1.0.0" }\n',
    'server.js': `const { appendFileSync, statSync, writeFileSync } = require('fs');
const version = require('./version.js');
require('http').createServer((request, response) => {
  appendFileSync('/data/visits', '.'.repeat(version));
  response.end('one ' + statSync('/data/visits').size + ' ' + Number(process.getuid() !== 0));
}).listen(8080, () => writeFileSync('/tmp/listening', ''));
process.on('SIGTERM', () => process.exit(0));
`,
    '.dockerignore': '*.log\n',
    'npm-debug.log': 'not of the context',
  },
  change: { file: 'server.js', from: "'one '", to: "'two '" },
  again: [/COPY package\.json server\.js/, /RUN --mount=type=secret/, /COPY --from=build \/app/],
};

const place = mkdtempSync(join(tmpdir(), 'skiff-story-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** What only speaks with the registry, or with nobody, is done on this machine's own loopback. */
const HERE = { through: [], env: { SKIFF_NETWORK: 'none' } };

describeLong('a project from its Dockerfile to another machine', () => {
  const internet = useInternet();
  const elsewhere = useStore(() => ({ through: internet.host.namespace.enter, env: { SKIFF_NETWORK: '' } }));
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry();
    await pushImages(registry, ['toolchains']);
  }, 1_800_000);
  afterAll(() => registry.stop());

  /** Asks the container's port from another host. */
  const ask = () =>
    internet.client.namespace.run(
      process.execPath,
      '-e',
      `fetch('http://${HOST4}:8080/').then((answer) => answer.text()).then((text) => process.stdout.write(text))`,
    );

  /** Runs the image and returns what it answers when it says that it is well. */
  async function answerOf({ ok }: Store, image: string, volume: string): Promise<string> {
    await ok(['run', '-d', '--name', 'it', '-p', '8080:8080', '-v', `${volume}-data:/data`, image]);
    const health = () => ok(['inspect', '-f', '{{.State.Health.Status}}', 'it']);
    await vi.waitUntil(async () => (await health()) === 'healthy', { timeout: 300_000 });
    const answer = ask();
    await ok(['rm', '-f', 'it']);
    return answer;
  }

  async function build(directory: string, image: string, ...options: string[]) {
    const { stderr, code } = await internet.store.skiff(
      [
        'build',
        '--progress',
        'plain',
        '--network',
        'none',
        '--secret',
        'id=token,env=TOKEN',
        '-t',
        image,
        ...options,
        directory,
      ],
      { ...HERE, env: { ...HERE.env, TOKEN } },
    );
    expect(code, stderr).toBe(0);
    const steps = [...stderr.matchAll(/^#(\d+) (\[.*)$/gm)].map(([, number, text = '']) => ({
      text,
      isCached: stderr.includes(`\n#${number} CACHED\n`),
    }));
    return steps.filter(({ text }) => / (RUN|COPY|WORKDIR) /.test(text));
  }

  it.each(Object.entries({ c: C, python: PYTHON, node: NODE }))(
    'in %s',
    async (name, { files, change, again }) => {
      const { store } = internet;
      const directory = mkdtempSync(join(place, `${name}-`));
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(directory, path)), { recursive: true });
        writeFileSync(join(directory, path), text.replaceAll('BASE', referenceOf(registry, 'toolchains')));
      }
      const image = `${registry.host}/team/${name}:1`;
      const first = await build(directory, image);
      expect(first.every(({ text, isCached }) => !isCached || /useradd|WORKDIR/.test(text))).toBe(true);
      expect(await answerOf(store, image, name)).toBe('one 1 1');
      const config = JSON.parse(await store.ok(['image', 'inspect', '-f', '{{json .Config}}', image], HERE));
      expect(config).toMatchObject({
        User: 'app',
        ExposedPorts: { '8080/tcp': {} },
        Volumes: { '/data': {} },
      });

      const file = join(directory, change.file);
      writeFileSync(file, readFileSync(file, 'utf8').replace(change.from, change.to));
      const metadata = join(place, `${name}.json`);
      const second = await build(directory, image, '--push', '--metadata-file', metadata);
      for (const { text, isCached } of second)
        expect([text, isCached]).toEqual([text, !again.some((one) => one.test(text))]);
      expect(await answerOf(store, image, name)).toBe('two 2 1');

      await elsewhere.ok(['pull', '-q', image], HERE);
      const { 'containerimage.digest': digest } = JSON.parse(readFileSync(metadata, 'utf8'));
      const pulled = await elsewhere.ok(['image', 'inspect', '-f', '{{index .RepoDigests 0}}', image], HERE);
      expect(pulled).toBe(`${registry.host}/team/${name}@${digest}`);
      expect(await answerOf(elsewhere, image, name)).toBe('two 1 1');
      for (const { ok } of [store, elsewhere]) await ok(['volume', 'rm', `${name}-data`], HERE);
      for (const own of [store, elsewhere]) expect(filesWith(own, TOKEN)).toBe('');
    },
    600_000,
  );
});

/** All files that a store has in either of its places in which there is a text. */
function filesWith({ root, runRoot }: Store, text: string): string {
  const { stdout, stderr } = spawnSync('grep', ['-rlF', text, root, runRoot], { encoding: 'utf8' });
  return stdout + stderr;
}
