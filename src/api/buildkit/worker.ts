import { VERSION } from '../../host/version.ts';
import { hostPlatform } from '../../image/platform.ts';
import { Message } from './protobuf.ts';

/** moby.buildkit.v1.types.WorkerRecord (buildkit, api/types/worker.proto) of the only one that there is. */
export function worker(): Message {
  const { architecture, os, variant } = hostPlatform();
  const platform = new Message().text(1, architecture).text(2, os).text(3, variant);
  return new Message().text(1, 'skiff').message(3, platform).message(5, buildkitVersion());
}

/** moby.buildkit.v1.types.BuildkitVersion. */
export function buildkitVersion(): Message {
  return new Message().text(1, 'skiff').text(2, `v${VERSION}`);
}
