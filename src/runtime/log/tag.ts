import { EngineError } from '../../errors.ts';

/**
 * The container that a log is of, as tags and attributes tell it; attributes are chosen from `labels` and `env`
 * (`KEY=VALUE`).
 */
export interface LogSubject {
  id: string;
  name: string;
  argv: readonly string[];
  /** `sha256:…`. */
  imageId: string;
  /** The image as the user named it. */
  imageName: string;
  labels: Readonly<Record<string, string>>;
  env: readonly string[];
}

/** The fields that Docker's documentation of log tags lists, its short image id with the algorithm in it included. */
const FIELDS: Readonly<Record<string, (subject: LogSubject) => string>> = {
  ID: ({ id }) => id.slice(0, 12),
  FullID: ({ id }) => id,
  Name: ({ name }) => name,
  ImageID: ({ imageId }) => imageId.slice(0, 12),
  ImageFullID: ({ imageId }) => imageId,
  ImageName: ({ imageName }) => imageName,
  DaemonName: () => 'skiff',
  Command: ({ argv }) => argv.join(' '),
};

/** Replaces `{{.ID}}` and the like in a log's tag. Throws `invalid` for anything else in braces. */
export function renderTag(template: string, subject: LogSubject): string {
  return template.replace(/\{\{(.*?)\}\}|\{\{/gs, (action, inside: string | undefined) => {
    const name = /^\s*\.(\w+)\s*$/.exec(inside ?? '')?.[1] ?? '';
    const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (field !== undefined) return field(subject);
    throw new EngineError('invalid', `log option tag does not understand ${action}`, {
      subject: template,
      hint: `the fields are ${Object.keys(FIELDS)
        .map((each) => `{{.${each}}}`)
        .join(' ')}`,
    });
  });
}
