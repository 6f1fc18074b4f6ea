import { type Command, Option } from 'commander';
import type { Engine } from '../../engine/engine.ts';
import { EngineError } from '../../errors.ts';
import { exitCodeOf } from '../exit-code.ts';
import { renderError } from '../output/error.ts';
import { print, printError } from '../output/print.ts';
import type { Session } from '../session.ts';

type Kind = 'container' | 'image';

export function define(command: Command, session: () => Session): void {
  command
    .argument('<name...>', 'names or ids of containers or images')
    .addOption(new Option('--type <kind>', 'look only among these').choices(['container', 'image']))
    .action((names: string[], flags: { type?: Kind }) => inspect(session(), names, flags.type));
}

/** Prints one array with all that was found, then says what was not, as Docker does. */
async function inspect(session: Session, names: string[], kind: Kind | undefined): Promise<void> {
  const engine = await session.engine();
  const found: object[] = [];
  const errors: EngineError[] = [];
  for (const name of names) {
    try {
      found.push(await inspectOne(engine, name, kind));
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      errors.push(error);
    }
  }
  print(`${JSON.stringify(found, null, 4)}\n`);
  for (const error of errors) {
    printError(renderError(error, { debug: session.globals.debug === true }));
    process.exitCode ||= exitCodeOf(error, 'inspect');
  }
}

/** A container first, then an image. */
async function inspectOne(engine: Engine, name: string, kind: Kind | undefined): Promise<object> {
  if (kind === 'container') return await engine.containers.inspect(name);
  if (kind === 'image') return await engine.images.inspect(name);
  try {
    return await engine.containers.inspect(name);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  try {
    return await engine.images.inspect(name);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new EngineError('notFound', `no such container or image: ${name}`, { subject: name });
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof EngineError && error.kind === 'notFound';
}
