import { registryOf } from '../../engine/images/login.ts';
import type { Call } from '../http/call.ts';
import { JsonObject } from '../http/json.ts';
import { credentialOf } from '../http/registry-auth.ts';

/** SystemAuth: asks a registry whether it takes a credential. The client keeps it, and not this machine. */
export async function checkAuth({ engine, body, reply, signal }: Call): Promise<void> {
  const auth = new JsonObject(await body());
  const domain = registryOf(auth.text('serveraddress'));
  const credential = credentialOf(auth);
  if (credential === undefined) throw auth.refusal('username', 'no user is named');
  await engine.logins.check(domain, credential, { signal });
  reply.json({ Status: 'Login Succeeded', IdentityToken: '' });
}
