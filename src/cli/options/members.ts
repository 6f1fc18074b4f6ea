import type { Command } from 'commander';

/**
 * A flag as commander writes it, what help says of it, and how its text is read, after what the same flag has said
 * before. Without the latter it is a switch, or its text is taken as it is.
 */
type MemberFlag<Value> =
  | readonly [flags: string, help: string, read: (text: string, previous?: Value) => Value | '' | undefined]
  | (true extends Value ? readonly [flags: string, help: string] : never)
  | (string extends Value ? readonly [flags: string, help: string] : never);

/** The flags of a group of options by the members that they set, in the order of the help. */
export type MemberFlags<Group> = {
  readonly [Member in keyof Group]?: MemberFlag<NonNullable<Group[Member]>>;
};

type AnyTable = Readonly<
  Record<string, readonly [flags: string, help: string, read?: (text: string, previous: unknown) => unknown]>
>;

/** Declares the flags of a group. */
export function addMembers<Group>(command: Command, table: MemberFlags<Group>): void {
  for (const [flags, help, read] of Object.values(table as AnyTable)) {
    if (read === undefined) command.option(flags, help);
    else command.option(flags, help, read);
  }
}

/** The flags that a command line gave, as they were declared, with the values that were read of them. */
export type GivenFlags = ReadonlyMap<string, unknown>;

/**
 * The flags of a command line that has been read. Empty is as good as absent, as with Docker; so is what was read as
 * undefined, which commander keeps as empty.
 */
export function givenFlags(command: Command): GivenFlags {
  const given = new Map<string, unknown>();
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName());
    if (value !== undefined && value !== '') given.set(option.flags, value);
  }
  return given;
}

/**
 * The members of a group that a command line speaks of. Few of many flags are given: to find a value by the name that
 * commander has for it would take such a name of each flag, which costs `run` a quarter of a millisecond.
 */
export function membersOf<Group>(table: MemberFlags<Group>, given: GivenFlags): Partial<Group> {
  const members: Record<string, unknown> = {};
  for (const member in table) {
    const flags = (table as AnyTable)[member]?.[0] ?? '';
    if (given.has(flags)) members[member] = given.get(flags);
  }
  return members as Partial<Group>;
}
