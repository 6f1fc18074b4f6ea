// One scenario with dockerode, from start to clean-up, on the socket of DOCKER_HOST. Usage, from a directory in whose
// node_modules it is: node dockerode.ts IMAGE
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { PassThrough, type Readable } from 'node:stream';

const Docker = createRequire(`${process.cwd()}/`)('dockerode');
const docker = new Docker({ socketPath: (process.env['DOCKER_HOST'] ?? '').replace('unix://', '') });
const image = process.argv[2];
const HostConfig = { NetworkMode: 'none' };
const seen: Record<string, unknown> = {};

/** Keeps what is written to it. */
class Kept extends PassThrough {
  text = '';

  constructor() {
    super();
    this.on('data', (chunk) => {
      this.text += chunk;
    });
  }
}

/** What comes on each of the streams of a connection, until it ends. */
async function texts(connection: Readable): Promise<[string, string]> {
  const [out, err] = [new Kept(), new Kept()];
  docker.modem.demuxStream(connection, out, err);
  await once(connection, 'end');
  return [out.text, err.text];
}

seen['ping'] = String(await docker.ping());

const [out, err] = [new Kept(), new Kept()];
const script = 'echo out; echo err >&2; exit 3';
const [ran, first] = await docker.run(image, ['sh', '-c', script], [out, err], { Tty: false, HostConfig });
seen['run'] = [ran.StatusCode, out.text, err.text];
await first.remove();

const container = await docker.createContainer({
  Image: image,
  name: 'one',
  Cmd: ['sh', '-c', 'while :; do sleep 1; done'],
  Labels: { of: 'dockerode' },
  HostConfig,
});
const happening = await docker.getEvents({ filters: { container: [container.id] } });
const actions: string[] = [];
happening.on('data', (lines: Buffer) => {
  for (const line of String(lines).trim().split('\n')) actions.push(JSON.parse(line).Action);
});
await container.start();
const listed = await docker.listContainers({ filters: { label: ['of=dockerode'] } });
seen['listed'] = listed.map(({ Names, State }: { Names: string[]; State: string }) => [...Names, State]);

const cat = await container.exec({ Cmd: ['cat'], AttachStdin: true, AttachStdout: true });
const stream = await cat.start({ hijack: true, stdin: true });
const answer = texts(stream);
stream.end('to and fro');
seen['exec'] = [(await answer)[0], (await cat.inspect()).ExitCode];
const fails = await container.exec({ Cmd: ['false'], AttachStdout: true });
await texts(await fails.start({}));
seen['fails'] = (await fails.inspect()).ExitCode;

await container.pause();
await container.unpause();
await container.rename({ name: 'two' });
await container.stop({ t: 0 });
seen['stopped'] = (await container.inspect()).State.Status;
await container.remove({ v: true });
while (!actions.includes('destroy')) await once(happening, 'data');
happening.destroy();
seen['actions'] = actions.filter((action) => !/^(exec_|kill)/.test(action));

const volume = await docker.createVolume({ Name: 'files' });
const reader = await docker.createContainer({
  Image: image,
  Cmd: ['sh', '-c', 'echo kept > /files/text; cat /files/text'],
  HostConfig: { ...HostConfig, Mounts: [{ Type: 'volume', Source: 'files', Target: '/files' }] },
});
const attached = await reader.attach({ stream: true, stdout: true, stderr: true });
const written = texts(attached);
await reader.start();
seen['waited'] = await reader.wait();
seen['attached'] = (await written)[0];
seen['logs'] = (await texts(await reader.logs({ stdout: true, follow: true })))[0];
await reader.remove();
await volume.remove();

const missing: number[] = [];
for (const ask of [
  () => docker.getContainer('none').inspect(),
  () => docker.createContainer({ Image: 'none' }),
  () => docker.getImage('none').inspect(),
])
  await ask().catch(({ statusCode }: { statusCode: number }) => missing.push(statusCode));
seen['missing'] = missing;
seen['left'] = (await docker.listContainers({ all: true })).length;
console.log(JSON.stringify(seen));
