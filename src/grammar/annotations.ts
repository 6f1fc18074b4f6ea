import { EngineError } from '../errors.ts';

const NO_INDEX = ['index', 'index-descriptor', 'manifest-descriptor'];

/**
 * Collects `--annotation [LEVEL,…:]KEY=VALUE` of a build (Docker's "Annotations"): LEVEL is `manifest`, as without any. Throws
 * `invalid`, and `unsupported` for the levels of an index.
 */
export function collectAnnotation(
  text: string,
  previous: Record<string, string> = {},
): Record<string, string> {
  const [, levels = 'manifest', key = '', value] =
    /^(?:((?:index|manifest)(?:-descriptor)?(?:\[[^\]]*\])?(?:,[a-z-]+(?:\[[^\]]*\])?)*):)?([^=]*)(?:=(.*))?$/s.exec(
      text,
    ) ?? [];
  if (key === '' || value === undefined)
    throw new EngineError('invalid', `invalid annotation "${text}"`, {
      subject: text,
      hint: 'write KEY=VALUE, or manifest:KEY=VALUE',
    });
  for (const level of levels.split(',')) {
    if (level === 'manifest') continue;
    const isIndex = NO_INDEX.includes(level);
    throw new EngineError(
      isIndex || level.includes('[') ? 'unsupported' : 'invalid',
      isIndex
        ? `indexes have no annotations here: ${level}:${key}`
        : `annotation "${key}" cannot be of ${level}`,
      { subject: text, hint: 'annotations are those of the manifest' },
    );
  }
  return { ...previous, [key]: value };
}
