import { EngineError } from '../../errors.ts';
import type { NamespaceOptions } from './create.ts';

/** The modes of a container that has no networks of its own. */
export type Mode = Exclude<NamespaceOptions['network'], 'networks'>;

/** A thing that can be asked for: in words, and for hints the option that asks for it. */
export interface Thing {
  what: string;
  hint: string;
}

/** Says what kind of container one with this mode is. */
export function placeOf(mode: Mode): Thing {
  const hint = `--network ${wordOf(mode)}`;
  if (mode === 'none') return { what: 'without a network', hint };
  return { what: `on the network of ${mode === 'host' ? 'the host' : 'another'}`, hint };
}

export function wordOf(mode: Mode): string {
  return typeof mode === 'string' ? mode : `container:${mode.container}`;
}

export function notFor(thing: Thing, container: Thing): EngineError {
  return new EngineError('invalid', `${thing.what} cannot be given to a container ${container.what}`, {
    hint: `leave one of them out: ${thing.hint} or ${container.hint}`,
  });
}
