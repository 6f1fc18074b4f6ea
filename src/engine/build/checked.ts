import type { FileText } from '../../build/dockerfile/complaint.ts';
import type { LintReport } from '../../build/lint/lint.ts';

/** A Dockerfile that was read, and what there is to be said of it. */
export interface CheckedDockerfile extends LintReport {
  file: DockerfileSource;
}

/** A Dockerfile with its lines, and as it was read. */
export interface DockerfileSource extends FileText {
  text: string;
}
