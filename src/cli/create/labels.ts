import type { Command } from 'commander';
import type { CreateOptions } from '../../engine/options/create.ts';
import { collectLabel, collectLabelFile, collectPair, type Labels } from '../../grammar/labels.ts';
import { addMembers, type GivenFlags, type MemberFlags, membersOf } from '../options/members.ts';

type LabelOptions = Pick<CreateOptions, 'labels' | 'annotations'>;

const FLAGS: MemberFlags<LabelOptions & { labelFile?: Labels }> = {
  labels: ['-l, --label <key[=value]>', 'a label, for filters and templates (repeatable)', collectLabel],
  labelFile: [
    '--label-file <file>',
    'labels from a file, KEY=VALUE on each line (repeatable)',
    collectLabelFile,
  ],
  annotations: [
    '--annotation <key[=value]>',
    'a note for OCI runtimes, in its config.json (repeatable)',
    collectPair('annotation'),
  ],
};

/** Adds the options for labels and annotations of a container. */
export function addLabelOptions(command: Command): void {
  addMembers(command.optionsGroup('Labels:'), FLAGS);
}

/** Labels of the command line win over those of files, wherever they stand. */
export function labelOptions(given: GivenFlags): LabelOptions {
  const { labelFile, ...options } = membersOf(FLAGS, given);
  return labelFile === undefined ? options : { ...options, labels: { ...labelFile, ...options.labels } };
}
