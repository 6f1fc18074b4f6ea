// Scenarios with testcontainers for Node, each from start to clean-up. Usage, from a directory in whose node_modules it is:
// node testcontainers.ts SCENARIO IMAGE
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { DockerComposeEnvironment, GenericContainer, Network, Wait } = createRequire(`${process.cwd()}/`)(
  'testcontainers',
);
const [, , scenario = '', image = ''] = process.argv;
const SLEEP = ['sleep', '1000'];
const PAGE = 'mkdir /www; echo page > /www/index.html;';

const SCENARIOS: Record<string, () => Promise<unknown>> = {
  async waits() {
    const web = () => new GenericContainer(image).withExposedPorts(8080);
    const serve = `${PAGE} echo serving; exec httpd -f -p 8080 -h /www`;
    const started = {
      log: await new GenericContainer(image)
        .withCommand(['sh', '-c', 'echo not yet; echo ready; exec sleep 1000'])
        .withWaitStrategy(Wait.forLogMessage(/^ready/))
        .start(),
      port: await web().withCommand(['sh', '-c', serve]).start(),
      http: await web()
        .withCommand(['sh', '-c', serve])
        .withWaitStrategy(Wait.forHttp('/', 8080).forStatusCode(200))
        .start(),
      health: await new GenericContainer(image)
        .withCommand(['sh', '-c', 'touch /well; exec sleep 1000'])
        .withHealthCheck({
          test: ['CMD-SHELL', 'test -f /well'],
          interval: 200,
          timeout: 10_000,
          retries: 50,
        })
        .withWaitStrategy(Wait.forHealthCheck())
        .start(),
      command: await new GenericContainer(image)
        .withCommand(SLEEP)
        .withWaitStrategy(Wait.forSuccessfulCommand('true'))
        .start(),
    };
    const page = await fetch(`http://${started.http.getHost()}:${started.http.getMappedPort(8080)}/`);
    const said = await page.text();
    for (const one of Object.values(started)) await one.stop();
    await new GenericContainer(image)
      .withCommand(['true'])
      .withWaitStrategy(Wait.forOneShotStartup())
      .start()
      .then((one: { stop(): Promise<unknown> }) => one.stop());
    return { started: Object.keys(started), said };
  },

  async exec() {
    const container = await new GenericContainer(image)
      .withCommand(SLEEP)
      .withHostname('there')
      .withEnvironment({ WORD: 'word' })
      .withUser('1000')
      .withTmpFs({ '/scratch': 'rw' })
      .withExtraHosts([{ host: 'elsewhere', ipAddress: '192.0.2.7' }])
      .withUlimits({ nofile: { soft: 100, hard: 200 } })
      .withDroppedCapabilities('CHOWN')
      .withResourcesQuota({ memory: 0.1, cpu: 0.5 })
      .withSharedMemorySize(1 << 20)
      .withPlatform('linux/amd64')
      .start();
    const inside = await container.exec(
      ['sh', '-c', 'hostname; echo $WORD; id -u; ulimit -n; grep -c elsewhere /etc/hosts; pwd'],
      { workingDir: '/tmp' },
    );
    const fails = await container.exec(['sh', '-c', 'echo out; echo err >&2; exit 3'], { user: '0' });
    await container.restart();
    await container.stop();
    return { inside: inside.output.split('\n'), fails };
  },

  async files() {
    mkdirSync('directory/inner', { recursive: true });
    writeFileSync('directory/inner/file', 'in a directory');
    writeFileSync('file', 'a file');
    const container = await new GenericContainer(image)
      .withCommand(SLEEP)
      .withCopyFilesToContainer([{ source: 'file', target: '/opt/file', mode: 0o640 }])
      .withCopyContentToContainer([{ content: 'content', target: '/opt/content' }])
      .withCopyDirectoriesToContainer([{ source: 'directory', target: '/opt/directory' }])
      .start();
    await container.copyContentToContainer([{ content: 'later', target: '/tmp/later' }]);
    await container.copyArchiveToContainer(
      await container.copyArchiveFromContainer('/opt/directory'),
      '/tmp',
    );
    const there = await container.exec([
      'sh',
      '-c',
      'stat -c %a /opt/file; cd /opt; for f in file content directory/inner/file /tmp/later /tmp/directory/inner/file; do cat $f; echo; done',
    ]);
    await container.stop();
    return there.output.trim().split('\n');
  },

  async networks() {
    const network = await new Network().start();
    const server = await new GenericContainer(image)
      .withNetwork(network)
      .withNetworkAliases('web', 'www')
      .withCommand(['sh', '-c', `${PAGE} exec httpd -f -p 80 -h /www`])
      .start();
    const client = await new GenericContainer(image).withNetwork(network).withCommand(SLEEP).start();
    const answers: string[] = [];
    for (const host of ['web', 'www', server.getIpAddress(network.getName())]) {
      const { output } = await client.exec(['wget', '-qO-', `http://${host}/`]);
      answers.push(output);
    }
    await client.stop();
    await server.stop();
    await network.stop();
    return answers;
  },

  async reuse() {
    const start = () => new GenericContainer(image).withCommand(SLEEP).withReuse().start();
    const [one, two] = [await start(), await start()];
    await one.stop({ remove: false });
    const three = await start();
    await three.stop({ remove: true });
    return [one.getId() === two.getId(), one.getId() === three.getId()];
  },

  async build() {
    mkdirSync('context');
    writeFileSync(
      'context/Dockerfile',
      `FROM ${image}\nARG WORD\nRUN echo $WORD > /word\nCMD ["sleep", "1000"]\n`,
    );
    const built = await GenericContainer.fromDockerfile('context')
      .withBuildArgs({ WORD: 'built' })
      .build('built:one', { deleteOnExit: false });
    const container = await built.start();
    const { output } = await container.exec('cat /word');
    await container.exec(['sh', '-c', 'echo committed > /word']);
    await container.commit({ repo: 'built', tag: 'two', deleteOnExit: false });
    await container.stop();
    const committed = await new GenericContainer('built:two').start();
    const again = await committed.exec('cat /word');
    await committed.stop();
    return [output, again.output];
  },

  /** By docker-compose 1.29, whose containers are called as they are. */
  async compose() {
    const command = ['sh', '-c', `${PAGE} echo up; exec httpd -f -p 80 -h /www`];
    const services = {
      web: { image, command, ports: ['80'], stop_signal: 'SIGKILL' },
      client: { image, command: SLEEP, depends_on: ['web'], stop_signal: 'SIGKILL' },
    };
    writeFileSync('docker-compose.yml', JSON.stringify({ version: '3', services }));
    const environment = await new DockerComposeEnvironment(process.cwd(), 'docker-compose.yml')
      .withProjectName('project')
      .withClientOptions({ executable: { standalone: true } })
      .withWaitStrategy('project_web_1', Wait.forLogMessage('up'))
      .up();
    const web = environment.getContainer('project_web_1');
    const page = await fetch(`http://${web.getHost()}:${web.getMappedPort(80)}/`);
    const { output } = await environment
      .getContainer('project_client_1')
      .exec(['wget', '-qO-', 'http://web/']);
    await environment.down();
    return [await page.text(), output];
  },
};

// Its streams of logs do not keep a process; test runners do.
const stay = setInterval(() => {}, 60_000);
console.log(JSON.stringify(await SCENARIOS[scenario]?.()));
clearInterval(stay);
process.exit(0);
