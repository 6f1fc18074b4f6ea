import type { Instruction } from '../dockerfile/instruction.ts';

/** What the comments right above an instruction say of what it names: the one that begins with that name. */
export function describedIn({ comments }: Instruction, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const comment = comments.find((each) => each.startsWith(`${name} `));
  return comment?.slice(name.length + 1);
}
