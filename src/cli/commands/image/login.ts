import type { Command } from 'commander';
import { registryOf } from '../../../engine/images/login.ts';
import { EngineError } from '../../../errors.ts';
import { isTerminal } from '../../../host/is-terminal.ts';
import type { Credential } from '../../../registry/credential.ts';
import { ask, readAllInput } from '../../command/ask.ts';
import { interruptible } from '../../command/interruptible.ts';
import { registryReports } from '../../command/registry-reports.ts';
import type { Session } from '../../command/session.ts';
import { warningsOf } from '../../command/warnings.ts';
import { print } from '../../output/print.ts';
import { tell } from '../../output/tell.ts';

interface Flags {
  password?: string;
  passwordStdin?: boolean;
  username?: string;
}

const STDIN = 0;

const EXAMPLES = `
Examples:
  skiff login registry.example.com                                     asks for name and password
  pass show registry | skiff login -u sailor --password-stdin registry.example.com`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('[registry]', 'host or host:port; Docker Hub when absent')
    .option('-p, --password <password>', 'everybody on this host may see it: better --password-stdin')
    .option('--password-stdin', 'read the password from standard input')
    .option('-u, --username <name>', 'the name')
    .addHelpText('after', EXAMPLES)
    .action((server: string | undefined, flags: Flags) => login(session(), server, flags));
}

async function login(session: Session, server: string | undefined, flags: Flags): Promise<void> {
  const domain = registryOf(server);
  const { logins } = await session.engine();
  const warn = warningsOf(session);
  const known = isAsking(flags) ? await logins.find(domain, warn) : undefined;
  if (known !== undefined) {
    print('Authenticating with existing credentials...\n');
    try {
      return await enter(session, domain, known);
    } catch (error) {
      if (!(error instanceof EngineError) || error.kind !== 'unauthorized' || !isTerminal(STDIN)) throw error;
      warn(error);
    }
  }
  await enter(session, domain, await credentialOf(domain, flags, known));
}

/** Whether nothing was said of who logs in. */
function isAsking({ username, password, passwordStdin }: Flags): boolean {
  return username === undefined && password === undefined && passwordStdin !== true;
}

async function enter(session: Session, domain: string, credential: Credential): Promise<void> {
  const { logins } = await session.engine();
  await interruptible((signal) =>
    logins.login(domain, credential, {
      ...registryReports(session),
      signal,
      keeping: ({ path, helper }) => {
        if (helper === undefined) tell(`WARNING! Your credentials are stored unencrypted in '${path}'.`);
      },
    }),
  );
  print('Login Succeeded\n');
}

async function credentialOf(
  domain: string,
  { username, password, passwordStdin }: Flags,
  known: Credential | undefined,
): Promise<Credential> {
  if (passwordStdin === true) {
    if (password !== undefined) throw bad('--password and --password-stdin are two ways to say one thing');
    if (username === undefined) throw bad('with --password-stdin say who it is with --username');
    return { username, password: required(await readAllInput(), 'password') };
  }
  if (password !== undefined) {
    tell('WARNING! Using --password via the CLI is insecure. Use --password-stdin.');
    if (username !== undefined) return { username, password: required(password, 'password') };
  }
  if (!isTerminal(STDIN)) {
    throw bad(
      `nobody can be asked who logs in to ${domain}: standard input is no terminal`,
      'use -u and --password-stdin',
    );
  }
  const usual = known !== undefined && 'username' in known ? known.username : undefined;
  const name =
    username ?? ((await ask(usual === undefined ? 'Username: ' : `Username (${usual}): `)) || usual || '');
  return {
    username: required(name, 'name'),
    password: required(password ?? (await ask('Password: ', { secret: true })), 'password'),
  };
}

function required(text: string, what: string): string {
  if (text !== '') return text;
  throw bad(`the ${what} is empty`);
}

function bad(message: string, hint?: string): EngineError {
  return new EngineError('invalid', message, { hint });
}
