import { EngineError } from '../../errors.ts';
import { environment, setVariable } from './settings.ts';

const SERVICE = 'export DOCKER_HOST=unix:///run/skiff/docker.sock, where skiff system service answers';

/** What Docker's command line has and this has not, and who does it instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  compose: `docker-compose does that: ${SERVICE}`,
  buildx: 'skiff build does what buildx build does, --platform, --output and --cache-to too',
  context: 'there is one engine, this one',
  swarm: 'there is no swarm: what runs here is of this host alone',
  stack: 'there is no swarm: docker-compose starts several containers',
  service: "there is no swarm; skiff system service answers Docker's API",
  node: 'there is no swarm: what runs here is of this host alone',
  secret: 'there is no swarm; builds have --secret',
  config: 'there is no swarm: mount a file with -v',
  plugin: 'there are no plugins',
  trust: 'there is no content trust; name images by their digests',
};

/** Says who does what a command of Docker's does that there is not; undefined for any other word. */
export function elsewhere(word: string): string | undefined {
  return Object.hasOwn(ELSEWHERE, word) ? ELSEWHERE[word] : undefined;
}

/** Docker's options in front of a command, of which each has a value. */
const WITH_VALUE = ['--config', '-c', '--context', '-H', '--host', '-l', '--log-level'];
/** Where a daemon of this very host listens, or a service of skiff's. */
const HERE = /^unix:\/\/(\/var)?\/run\/(skiff\/)?docker\.sock$/;
const TLS = /^--tls(verify|cacert|cert|key)?(=|$)/;

/**
 * Takes Docker's own options from in front of the command, when it was called by Docker's name: those that say of another
 * engine than this one are refused, as DOCKER_HOST is. Throws `unsupported`.
 */
export function withoutDockerOptions(args: readonly string[]): string[] {
  requireHere(environment()['DOCKER_HOST'] ?? '', 'DOCKER_HOST');
  const own: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    if (!word.startsWith('-')) return [...own, ...args.slice(index)];
    const [name = '', value] = word.split(/=(.*)/s);
    if (TLS.test(word)) throw another(word, name);
    else if (WITH_VALUE.includes(name)) obey(name, value ?? args[++index] ?? '', own);
    else own.push(word === '-D' ? '--debug' : word);
  }
  return own;
}

function obey(name: string, value: string, own: string[]): void {
  if (name === '--config') setVariable('DOCKER_CONFIG', value);
  else if (name === '-H' || name === '--host') requireHere(value, name);
  else if (name === '-l' || name === '--log-level') own.push(...(value === 'debug' ? ['--debug'] : []));
  else if (value !== 'default') throw another(`${name} ${value}`, name);
}

function requireHere(address: string, name: string): void {
  if (address !== '' && !HERE.test(address)) throw another(`${name} ${address}`, name);
}

function another(what: string, subject: string): EngineError {
  return new EngineError('unsupported', `${what} is about another engine than that of this host`, {
    subject,
    hint: "this is skiff by the name of docker; leave it out, or call Docker's own client",
  });
}
