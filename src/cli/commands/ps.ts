import type { Command } from 'commander';
import type { Observed } from '../../engine/reconcile.ts';
import { quotedCommand, shortId } from '../output/ids.ts';
import { print } from '../output/print.ts';
import { renderTable } from '../output/table.ts';
import { ago, exitedAt, upSince } from '../output/time.ts';
import type { Session } from '../session.ts';

interface Flags {
  all?: boolean;
  quiet?: boolean;
  trunc: boolean;
}

const HEADERS = ['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'PORTS', 'NAMES'];

export function define(command: Command, session: () => Session): void {
  command
    .option('-a, --all', 'also those that do not run')
    .option('-q, --quiet', 'only ids')
    .option('--no-trunc', 'whole ids and commands')
    .action((flags: Flags) => list(session(), flags));
}

async function list(session: Session, { all, quiet, trunc }: Flags): Promise<void> {
  const { containers } = await session.engine();
  const observed = await containers.list({ all: all === true });
  if (quiet === true) {
    print(observed.map(({ row }) => `${displayedId(row.id, trunc)}\n`).join(''));
    return;
  }
  print(
    renderTable(
      HEADERS,
      observed.map((container) => cells(container, trunc)),
    ),
  );
}

function cells(container: Observed, trunc: boolean): string[] {
  const { row } = container;
  return [
    displayedId(row.id, trunc),
    row.imageName,
    quotedCommand(row.argv, { trunc }),
    ago(row.createdAt),
    statusText(container),
    '',
    row.name,
  ];
}

function displayedId(id: string, trunc: boolean): string {
  return trunc ? shortId(id) : id;
}

function statusText({ row, status }: Observed): string {
  switch (status.state) {
    case 'running':
      return `${upSince(status.record.started)}${status.paused === true ? ' (Paused)' : ''}`;
    case 'exited':
      return exitedAt(status.record.finished, status.record.code);
    case 'starting':
    case 'created':
      return row.error === undefined ? 'Created' : `Created (start failed: ${row.error.message})`;
  }
}
