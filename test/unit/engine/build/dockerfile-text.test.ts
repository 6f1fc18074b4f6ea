import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  readForeignContext,
  readIgnore,
  readLocalContext,
} from '../../../../src/engine/build/dockerfile-text.ts';

const scratch = mkdtempSync(join(tmpdir(), 'skiff-context-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let number = 0;

/** A directory with these files; a text that begins with `->` is a link. */
function directoryOf(files: Record<string, string>): string {
  number += 1;
  const directory = join(scratch, String(number));
  mkdirSync(directory);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), { recursive: true });
    if (text.startsWith('->')) symlinkSync(text.slice(2), join(directory, name));
    else writeFileSync(join(directory, name), text);
  }
  return directory;
}

describe('the Dockerfile of a directory', () => {
  it('is the one of the usual name, and Podman’s where there is none', () => {
    const both = directoryOf({ Dockerfile: 'docker', Containerfile: 'podman' });
    expect(readLocalContext(both, undefined).dockerfile).toEqual({ name: 'Dockerfile', text: 'docker' });
    const one = directoryOf({ Containerfile: 'podman' });
    expect(readLocalContext(one, undefined).dockerfile).toEqual({ name: 'Containerfile', text: 'podman' });
  });

  it('is looked for where the user is, then in the context, and may lie outside', () => {
    const directory = directoryOf({ 'sub/My.Dockerfile': 'inside' });
    expect(readLocalContext(directory, 'sub/My.Dockerfile').dockerfile).toEqual({
      name: 'sub/My.Dockerfile',
      text: 'inside',
    });
    const elsewhere = directoryOf({ Other: 'outside' });
    expect(readLocalContext(directory, join(elsewhere, 'Other')).dockerfile).toEqual({
      name: 'Other',
      text: 'outside',
    });
  });

  it.each([
    ['that is not there', {}, undefined, 'there is no Dockerfile in '],
    ['that was named and is not there', {}, 'None', 'there is no None'],
    ['that is a directory', { 'Dockerfile/x': '' }, undefined, 'cannot read Dockerfile: it is a directory'],
    ['that is a device', {}, '/dev/zero', 'cannot read /dev/zero: it is no file'],
    [
      'that leads out of the context',
      { Dockerfile: '->/etc/hostname' },
      undefined,
      'Dockerfile is a link that leads out of the context, to /etc/hostname',
    ],
    ['that leads out of it by a directory', { sub: '->/etc' }, 'sub/hostname', 'leads out of the context'],
    [
      'whose ignore file leads out of it',
      { Dockerfile: '', '.dockerignore': '->../../../../../../../../etc/hostname' },
      undefined,
      '.dockerignore is a link that leads out of the context, to /etc/hostname',
    ],
    ['that leads nowhere', { Dockerfile: '->gone' }, undefined, 'cannot read Dockerfile: ENOENT'],
  ])('one %s is refused', (_, files, file, message) => {
    expect(() => readLocalContext(directoryOf(files as Record<string, string>), file)).toThrow(message);
  });

  it('may be a link within the context, also when that is reached by one', () => {
    const directory = directoryOf({ 'real/Dockerfile': 'text', Dockerfile: '->real/Dockerfile' });
    const link = directoryOf({ context: `->${directory}` });
    for (const context of [directory, join(link, 'context')])
      expect(readLocalContext(context, undefined).dockerfile).toEqual({ name: 'Dockerfile', text: 'text' });
  });

  it('has an ignore file of its own, else the context’s, of either engine', () => {
    const own = directoryOf({
      'a.Dockerfile': '',
      'a.Dockerfile.dockerignore': 'own',
      '.dockerignore': 'all',
    });
    expect(readLocalContext(own, 'a.Dockerfile').ignore).toEqual({
      name: 'a.Dockerfile.dockerignore',
      text: 'own',
    });
    expect(readIgnore(own)).toEqual({ name: '.dockerignore', text: 'all' });
    expect(readIgnore(directoryOf({ '.containerignore': 'podman' }))?.text).toBe('podman');
    expect(readIgnore(directoryOf({}))).toBeUndefined();
  });
});

describe('the Dockerfile of a context that somebody else made', () => {
  it('is found through links that stay in the context', () => {
    const directory = directoryOf({
      'real/Dockerfile': 'text',
      Dockerfile: '->/real/Dockerfile',
      up: '->../../../real',
    });
    expect(readForeignContext(directory, undefined).dockerfile).toEqual({ name: 'Dockerfile', text: 'text' });
    expect(readForeignContext(directory, 'up/Dockerfile').dockerfile.text).toBe('text');
  });

  it.each([
    ['an absolute link', { Dockerfile: '->/etc/hostname' }],
    ['a relative link', { Dockerfile: '->../../../../../../etc/hostname' }],
    ['a link in a circle', { Dockerfile: '->Dockerfile' }],
  ])('is never one outside of it: %s', (_, files) => {
    expect(() => readForeignContext(directoryOf(files as Record<string, string>), undefined)).toThrow(
      'there is no Dockerfile in the context',
    );
  });

  it('is not one outside by its name either', () => {
    expect(() => readForeignContext(directoryOf({}), '../../../../../../../etc/hostname')).toThrow(
      'there is no ../../../../../../../etc/hostname in the context',
    );
  });

  it('has an ignore file that lies in the context, too', () => {
    const files = { Dockerfile: '', '.dockerignore': '->/etc/hostname' };
    expect(readForeignContext(directoryOf(files), undefined).ignore).toBeUndefined();
    expect(
      readForeignContext(directoryOf({ Dockerfile: '', '.dockerignore': 'x' }), undefined).ignore,
    ).toEqual({
      name: '.dockerignore',
      text: 'x',
    });
  });
});
