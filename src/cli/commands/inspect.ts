import { type Command, Option } from 'commander';
import type { Engine } from '../../engine/engine.ts';
import { networkObject } from '../../engine/inspect/network.ts';
import { volumeObject } from '../../engine/inspect/volume.ts';
import { EngineError } from '../../errors.ts';
import { exitCodeOf } from '../command/exit-code.ts';
import type { Session } from '../command/session.ts';
import { type SelectionFlags, selected } from '../options/selection.ts';
import { renderError } from '../output/error.ts';
import { print, printError } from '../output/print.ts';
import { type ObjectTemplate, parseObjectTemplate } from '../template/template.ts';
import { visibleJson } from '../text/visible.ts';

type Kind = 'container' | 'image' | 'network' | 'volume';

/** In the order in which they are looked for. */
const KINDS: readonly Kind[] = ['container', 'image', 'network', 'volume'];

export interface Flags {
  format?: string;
  size?: boolean;
  type?: Kind;
}

const EXAMPLES = `
Examples:
  skiff inspect web
  skiff inspect -f '{{.State.Status}} {{.State.ExitCode}}' web db
  skiff inspect -f '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}} {{end}}' web
  skiff inspect -f '{{json .Config.Env}}' --type image busybox`;

/** The exit code, as Docker's, when an object lacks what a template asks for. */
const EXIT_NOT_RENDERED = 1;

export function define(command: Command, session: () => Session): void {
  command
    .argument('[name...]', 'names or ids of containers, images, networks or volumes')
    .option('-f, --format <template>', 'json, or a template such as "{{.State.Status}}"')
    .option('-s, --size', 'of containers also what they need on disk')
    .option('-l, --latest', 'the container that was created last')
    .addOption(new Option('--type <kind>', 'look only among these').choices(KINDS))
    .addHelpText('after', EXAMPLES)
    .action(async (names: string[], flags: Flags & SelectionFlags) =>
      inspect(session(), await selected(session(), names, flags), flags),
    );
}

/** Prints what was found, then says what was not, as Docker does. */
export async function inspect(
  session: Session,
  names: readonly string[],
  { format = '', ...flags }: Flags,
): Promise<void> {
  const template = format === '' || format === 'json' ? undefined : parseObjectTemplate(format);
  const engine = await session.engine();
  const found: object[] = [];
  const errors: EngineError[] = [];
  for (const name of names) {
    try {
      found.push(await inspectOne(engine, name, flags));
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      errors.push(error);
    }
  }
  if (template === undefined) print(`${visibleJson(found, format === 'json' ? {} : { indent: 4 })}\n`);
  else printRendered(session, template, found);
  for (const error of errors) report(session, error, exitCodeOf(error, 'inspect'));
}

/** An empty line when there is nothing to render. */
function printRendered(session: Session, template: ObjectTemplate, found: readonly object[]): void {
  const errors: EngineError[] = [];
  const texts = found.map((object) => {
    try {
      return template.render(object);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      errors.push(error);
      return '';
    }
  });
  print(texts.join('') || '\n');
  for (const error of errors) report(session, error, EXIT_NOT_RENDERED);
}

function report(session: Session, error: EngineError, exitCode: number): void {
  printError(renderError(error, { debug: session.globals.debug === true }));
  process.exitCode ||= exitCode;
}

/** The first that has the name. */
async function inspectOne(
  engine: Engine,
  name: string,
  { type, size = false }: Omit<Flags, 'format'>,
): Promise<object> {
  const kinds: readonly Kind[] = type === undefined ? KINDS : [type];
  const look = {
    container: () => engine.containers.inspect(name, { size }),
    image: () => engine.images.inspect(name),
    network: async () => networkObject(await engine.networks.get(name)),
    volume: async () => volumeObject(await engine.volumes.get(name)),
  } satisfies Record<Kind, () => Promise<object>>;
  for (const kind of kinds) {
    try {
      return await look[kind]();
    } catch (error) {
      if (type !== undefined || !isNotFound(error)) throw error;
    }
  }
  throw new EngineError('notFound', `no such container, image, network or volume: ${name}`, {
    subject: name,
  });
}

function isNotFound(error: unknown): boolean {
  return error instanceof EngineError && error.kind === 'notFound';
}
