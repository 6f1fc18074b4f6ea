const PAUSE_MS = 2;

/**
 * Resolves when `happened` says so: for what the kernel tells nobody of. It is asked every 2 ms and not without end, as
 * what is awaited needs the processor.
 */
export async function until(happened: () => boolean | Promise<boolean>): Promise<void> {
  await found(async () => (await happened()) || undefined);
}

/** Resolves to the first thing that `look` finds, in the same manner. */
export async function found<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const result = await look();
    if (result !== undefined) return result;
    await new Promise((again) => setTimeout(again, PAUSE_MS));
  }
}
