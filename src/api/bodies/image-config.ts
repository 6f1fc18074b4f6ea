import { JsonObject } from '../http/json.ts';

/**
 * Reads the ContainerConfig that a commit gives its image as the instructions of a Dockerfile that say the same. Docker's
 * clients send one that is empty, or that of the container.
 */
export function changesOfConfig(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  const config = new JsonObject(value);
  const list = (word: string, words: string[] | undefined) =>
    words === undefined || words.length === 0 ? [] : [`${word} ${JSON.stringify(words)}`];
  const text = (word: string, said: string | undefined) => (said === undefined ? [] : [`${word} ${said}`]);
  return [
    ...(config.texts('Env') ?? []).map((entry) => pair('ENV', entry)),
    ...Object.entries(config.map('Labels') ?? {}).map(
      ([key, label]) => `LABEL ${JSON.stringify(key)}=${JSON.stringify(label)}`,
    ),
    ...(config.names('ExposedPorts') ?? []).map((port) => `EXPOSE ${port}`),
    ...list('VOLUME', config.names('Volumes')),
    ...text('USER', config.text('User')),
    ...text('WORKDIR', config.text('WorkingDir')),
    ...list('ENTRYPOINT', config.words('Entrypoint')),
    ...list('CMD', config.words('Cmd')),
  ];
}

function pair(word: string, entry: string): string {
  const equals = entry.indexOf('=');
  return `${word} ${entry.slice(0, equals)}=${JSON.stringify(entry.slice(equals + 1))}`;
}
