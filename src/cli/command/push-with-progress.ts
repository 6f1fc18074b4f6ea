import { SILENT_PUSH } from '../../engine/images/push-progress.ts';
import type { Platform } from '../../oci/platform.ts';
import { createPushProgress } from '../output/push-progress.ts';
import { standardOutput } from '../output/standard-output.ts';
import { interruptible } from './interruptible.ts';
import { registryReports } from './registry-reports.ts';
import type { Session } from './session.ts';

/** Pushes an image, or all tags of a repository, and shows how it goes; Ctrl-C ends it. */
export async function pushWithProgress(
  session: Session,
  image: string,
  { allTags, platform, quiet }: { allTags: boolean; platform?: Platform | undefined; quiet: boolean },
): Promise<void> {
  const { images } = await session.engine();
  const display = quiet ? undefined : createPushProgress(standardOutput);
  try {
    await interruptible((signal) =>
      images.push(image, {
        allTags,
        platform,
        progress: display ?? SILENT_PUSH,
        ...registryReports(session),
        signal,
      }),
    );
  } finally {
    display?.close();
  }
}
