import { spawn } from 'node:child_process';
import { EngineError } from '../errors.ts';
import type { Credential } from './credential.ts';

const HELPER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const HELPER_TIMEOUT = 30_000;
const ANSWER_LIMIT = 1_048_576;

/**
 * Asks `docker-credential-NAME get` (docker/docker-credential-helpers) for what is kept under `key`; undefined when it
 * knows nothing. Throws `unavailable` for a helper that does not work, `invalid` for a name or an answer that is none.
 */
export async function askCredentialHelper(
  name: string,
  key: string,
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<Credential | undefined> {
  const program = `docker-credential-${name}`;
  if (!HELPER_NAME.test(name)) throw new EngineError('invalid', `"${name}" cannot name a credential helper`);
  const { code, output } = await run(program, key, environment);
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return undefined;
    const problem = code === null ? 'was ended by a signal' : `failed with exit code ${code}`;
    throw new EngineError('unavailable', `${program} ${problem}`, { subject: program });
  }
  const credential = parseAnswer(output);
  if (credential === 'nonsense') {
    throw new EngineError('invalid', `${program} gave an answer that is not a credential`, {
      subject: program,
    });
  }
  return credential;
}

function parseAnswer(output: string): Credential | undefined | 'nonsense' {
  try {
    const { Username, Secret } = JSON.parse(output) as Readonly<Record<string, unknown>>;
    if (typeof Username !== 'string' || typeof Secret !== 'string') return 'nonsense';
    if (Username === '' && Secret === '') return undefined;
    return Username === '<token>' ? { identityToken: Secret } : { username: Username, password: Secret };
  } catch {
    return 'nonsense';
  }
}

function run(
  program: string,
  input: string,
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], {
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
    child.stdin.end(`${input}\n`);
  });
}
