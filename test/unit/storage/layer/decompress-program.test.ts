import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { decompressByProgram } from '../../../../src/storage/layer/decompress-program.ts';
import { pieces } from '../../../helpers/layers.ts';

const path = process.env['PATH'];
afterEach(() => {
  process.env['PATH'] = path;
});

const content = Buffer.concat([randomBytes(300_000), Buffer.alloc(3_000_000)]);

async function read(program: 'xz' | 'bzip2', source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of decompressByProgram(program, source)) parts.push(part);
  return Buffer.concat(parts);
}

describe.each(['xz', 'bzip2'] as const)('%s', (program) => {
  const packed = execFileSync(program, { input: content });

  it('is decompressed by the program', async () => {
    expect((await read(program, pieces(packed))).equals(content)).toBe(true);
  });

  it('is refused when it is damaged or cut short', async () => {
    const damaged = { kind: 'invalid', message: expect.stringContaining(`the ${program} stream is damaged`) };
    await expect(read(program, pieces(packed.subarray(0, 1000)))).rejects.toMatchObject(damaged);
    await expect(read(program, pieces(randomBytes(1000)))).rejects.toMatchObject(damaged);
  });

  it('needs the program', async () => {
    process.env['PATH'] = '/nowhere';
    await expect(read(program, pieces(packed))).rejects.toMatchObject({
      kind: 'unsupported',
      message: `the archive is compressed with ${program}, which is not installed here`,
    });
  });

  it('passes on what its source throws', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield packed.subarray(0, 1000);
      throw new Error('the line broke');
    }
    await expect(read(program, broken())).rejects.toThrow('the line broke');
  });

  it('ends with its reader', async () => {
    for await (const _ of decompressByProgram(program, pieces(packed))) break;
  });
});
