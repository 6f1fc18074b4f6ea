import { Containers } from './containers.ts';
import { Context, type EngineOptions } from './context.ts';
import { Images } from './images.ts';

export type { EngineOptions } from './context.ts';

/** A container engine over one store. Opens nothing until it is asked for something. */
export interface Engine {
  readonly images: Images;
  readonly containers: Containers;
  /** What this host and this store offer. */
  info(): Promise<import('./info.ts').EngineInfo>;
  close(): void;
}

export function openEngine(options: EngineOptions): Engine {
  const context = new Context(options);
  return {
    images: new Images(context),
    containers: new Containers(context),
    async info() {
      const { engineInfo } = await import('./info.ts');
      return await engineInfo(context);
    },
    close: () => context.close(),
  };
}
