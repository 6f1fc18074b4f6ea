import type { Command } from 'commander';
import type { CreateOptions } from '../../engine/options/create.ts';
import { collectLabel, collectLabelFile, collectPair, type Labels } from '../parse/labels.ts';

export interface LabelFlags {
  annotation?: Labels;
  label?: Labels;
  labelFile?: Labels;
}

/** What is noted about a container for those who look for it. */
export function addLabelOptions(command: Command): void {
  command
    .optionsGroup('Labels:')
    .option('-l, --label <key[=value]>', 'a label, for filters and templates (repeatable)', collectLabel)
    .option(
      '--label-file <file>',
      'labels from a file, KEY=VALUE on each line (repeatable)',
      collectLabelFile,
    )
    .option(
      '--annotation <key[=value]>',
      'a note for OCI runtimes, in its config.json (repeatable)',
      collectPair('annotation'),
    );
}

/** Labels of the command line win over those of files, wherever they stand. */
export function labelOptions(flags: LabelFlags): Pick<CreateOptions, 'labels' | 'annotations'> {
  const { label, labelFile, annotation } = flags;
  return {
    labels: label === undefined && labelFile === undefined ? undefined : { ...labelFile, ...label },
    annotations: annotation,
  };
}
