import type { Keyword } from './instruction.ts';

/** What a flag takes: one value, several by repetition, or `true` and `false`, where the flag alone is `true`. */
export type FlagKind = 'value' | 'values' | 'switch';

/** The flags of each instruction that has some. */
export const FLAGS: Readonly<Partial<Record<Keyword, Readonly<Record<string, FlagKind>>>>> = {
  ADD: {
    chown: 'value',
    chmod: 'value',
    link: 'switch',
    exclude: 'values',
    checksum: 'value',
    'keep-git-dir': 'switch',
    unpack: 'switch',
  },
  COPY: {
    from: 'value',
    chown: 'value',
    chmod: 'value',
    link: 'switch',
    parents: 'switch',
    exclude: 'values',
    'if-exists': 'switch',
  },
  FROM: { platform: 'value' },
  HEALTHCHECK: {
    interval: 'value',
    timeout: 'value',
    'start-period': 'value',
    'start-interval': 'value',
    retries: 'value',
  },
  RUN: { mount: 'values', network: 'value', security: 'value' },
};

/** A word that begins with `--`, and its place in the text. */
interface FlagWord {
  text: string;
  offset: number;
}

/**
 * Takes the words that begin with `--` from the beginning of a text: quotes in them group, a backslash takes the meaning
 * from what follows, and both are gone. `--` alone ends them. `end` is where the rest begins.
 */
export function takeFlags(text: string): { flags: readonly FlagWord[]; end: number } {
  const flags: FlagWord[] = [];
  let at = skipBlanks(text, 0);
  while (text.startsWith('--', at)) {
    const { word, end } = flagWord(text, at);
    if (word === '--') return { flags, end: skipBlanks(text, end) };
    flags.push({ text: word, offset: at });
    at = skipBlanks(text, end);
  }
  return { flags, end: at };
}

function flagWord(text: string, begin: number): { word: string; end: number } {
  let word = '';
  let quote = '';
  let at = begin;
  for (; at < text.length; at += 1) {
    const character = text[at] as string;
    if (character === quote) quote = '';
    else if (character === '\\') {
      at += 1;
      word += text[at] ?? '';
    } else if (quote !== '') word += character;
    else if (/\s/.test(character)) break;
    else if (character === '"' || character === "'") quote = character;
    else word += character;
  }
  return { word, end: at };
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text[at] as string)) at += 1;
  return at;
}
