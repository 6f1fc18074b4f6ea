import { EngineError } from '../errors.ts';
import type { Credential } from './credential.ts';

const HELPER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const HELPER_TIMEOUT = 30_000;
const ANSWER_LIMIT = 1_048_576;

/** Runs helpers with the caller's environment. */
type Environment = Readonly<NodeJS.ProcessEnv>;

/**
 * Asks `docker-credential-NAME get` (docker/docker-credential-helpers) for what is kept under `key`; undefined when it
 * knows nothing. Throws `unavailable` for a helper that does not work, `invalid` for a name or an answer that is none.
 */
export async function askCredentialHelper(
  name: string,
  key: string,
  environment: Environment,
): Promise<Credential | undefined> {
  const output = await runHelper(name, { verb: 'get', input: `${key}\n` }, environment);
  if (output === undefined) return undefined;
  const credential = parseAnswer(output);
  if (credential === 'nonsense') {
    const program = programOf(name);
    throw new EngineError('invalid', `${program} gave an answer that is not a credential`, {
      subject: program,
    });
  }
  return credential;
}

/** Has a helper keep a credential under `key`. Throws as `askCredentialHelper`. */
export async function tellCredentialHelper(
  name: string,
  key: string,
  credential: Credential,
  environment: Environment,
): Promise<void> {
  const [Username, Secret] =
    'identityToken' in credential
      ? [TOKEN_USER, credential.identityToken]
      : [credential.username, credential.password];
  const input = JSON.stringify({ ServerURL: key, Username, Secret });
  await runHelper(name, { verb: 'store', input }, environment);
}

/** Has a helper forget what it keeps under `key`, if it keeps anything. Throws as `askCredentialHelper`. */
export async function eraseFromCredentialHelper(
  name: string,
  key: string,
  environment: Environment,
): Promise<void> {
  await runHelper(name, { verb: 'erase', input: `${key}\n` }, environment);
}

/** The user of a credential that is an identity token (docker/docker-credential-helpers). */
const TOKEN_USER = '<token>';

function programOf(name: string): string {
  if (HELPER_NAME.test(name)) return `docker-credential-${name}`;
  throw new EngineError('invalid', `"${name}" cannot name a credential helper`);
}

/** What it printed; undefined when it says that it knows nothing of the key. */
async function runHelper(
  name: string,
  { verb, input }: { verb: 'get' | 'store' | 'erase'; input: string },
  environment: Environment,
): Promise<string | undefined> {
  const program = programOf(name);
  const { code, output } = await run([program, verb], input, environment);
  if (code === 0) return output;
  if (/credentials not found/i.test(output)) return undefined;
  const problem = code === null ? 'was ended by a signal' : `failed with exit code ${code}`;
  throw new EngineError('unavailable', `${program} ${problem}`, { subject: program });
}

function parseAnswer(output: string): Credential | undefined | 'nonsense' {
  try {
    const { Username, Secret } = JSON.parse(output) as Readonly<Record<string, unknown>>;
    if (typeof Username !== 'string' || typeof Secret !== 'string') return 'nonsense';
    if (Username === '' && Secret === '') return undefined;
    return Username === TOKEN_USER ? { identityToken: Secret } : { username: Username, password: Secret };
  } catch {
    return 'nonsense';
  }
}

function run(
  [program, verb]: [string, string],
  input: string,
  environment: Environment,
): Promise<{ code: number | null; output: string }> {
  // On first use: most have no helper, and it costs Bun 3 ms to load.
  const { spawn } = process.getBuiltinModule('node:child_process');
  return new Promise((resolve, reject) => {
    const child = spawn(program, [verb], {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: HELPER_TIMEOUT,
      env: environment,
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > ANSWER_LIMIT) child.kill('SIGKILL');
    });
    child.on('close', (code) => resolve({ code, output }));
    child.on('error', (cause) => {
      const hint = 'install it, or remove it from credsStore and credHelpers in the credentials file';
      reject(new EngineError('unavailable', `cannot run ${program}`, { subject: program, hint, cause }));
    });
    // A helper that does not read its input is told by its exit code, not by a broken pipe.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
