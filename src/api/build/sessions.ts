import { EngineError } from '../../errors.ts';

/** `/session` and `/grpc`: what BuildKit speaks. `Builder-Version: 1` of `/_ping` says before that it is not there. */
export async function refuseSession(): Promise<void> {
  throw new EngineError('unsupported', 'there is no BuildKit here', {
    hint: 'build with DOCKER_BUILDKIT=0, or with skiff build',
  });
}
