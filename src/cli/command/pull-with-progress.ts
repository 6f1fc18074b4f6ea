import type { PulledImage } from '../../engine/images/pull.ts';
import { SILENT } from '../../engine/images/pull-progress.ts';
import type { Platform } from '../../oci/platform.ts';
import { createPullProgress } from '../output/progress.ts';
import { startSpinner } from '../output/spinner.ts';
import { shortId } from '../text/ids.ts';
import type { OutputStream } from '../text/terminal.ts';
import { interruptible } from './interruptible.ts';
import { registryReports } from './registry-reports.ts';
import type { Session } from './session.ts';

export interface PullFlags {
  platform?: Platform | undefined;
  allPlatforms?: boolean | undefined;
  quiet: boolean;
  /** The stream that the progress is written to. */
  output: OutputStream;
}

/** Pulls an image and shows how it goes; Ctrl-C ends the pull and leaves nothing half done. */
export async function pullWithProgress(
  session: Session,
  image: string,
  flags: PullFlags,
): Promise<PulledImage> {
  const { images } = await session.engine();
  const display = flags.quiet ? undefined : createPullProgress(flags.output);
  const spinner = display && startSpinner(`resolving ${image}`);
  const progress = display && {
    message: (text: string) => display.message(text),
    layer: (digest: string) => {
      spinner?.stop();
      return display.layer(shortId(digest));
    },
  };
  const interrupt = (write: () => void): void => {
    spinner?.stop();
    if (display === undefined) write();
    else display.interruptedBy(write);
  };
  try {
    return await interruptible((signal) =>
      images.pull(image, {
        platform: flags.platform,
        allPlatforms: flags.allPlatforms,
        progress: progress ?? SILENT,
        ...registryReports(session, interrupt),
        signal,
      }),
    );
  } finally {
    spinner?.stop();
    display?.close();
  }
}
