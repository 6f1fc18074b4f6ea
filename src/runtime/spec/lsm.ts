import { EngineError } from '../../errors.ts';
import type { SecurityOptions } from '../options.ts';

/** Docker's profile, which Docker loads when it starts. */
export const DOCKER_PROFILE = 'docker-default';
/** skiff's own profile (apparmor-profile.ts); the number is the revision of its text. */
export const OWN_PROFILE = 'skiff-default-1';
const UNCONFINED = 'unconfined';

/**
 * The AppArmor that containers find when they ask for no profile: none in the kernel, a list of profiles that cannot be
 * read, a list with neither of the usual two, or the better of them.
 */
export type AppArmorState = 'off' | 'unseen' | 'none' | 'docker-default' | 'own';

type ProfileRequest = Pick<SecurityOptions, 'apparmor' | 'privileged'>;

/**
 * The AppArmor profile of a container: the one asked for, nothing (`unconfined`) for a privileged one, else skiff's own,
 * or Docker's, as far as the host has loaded one; undefined: the one that skiff itself runs under. Throws `unsupported`
 * when a profile is asked for and the host has no AppArmor.
 */
export function apparmorProfile(
  { apparmor, privileged }: ProfileRequest,
  { apparmor: state }: { apparmor: AppArmorState },
): string | undefined {
  if (state === 'off') {
    if (apparmor === undefined || apparmor === UNCONFINED) return undefined;
    throw new EngineError(
      'unsupported',
      `the AppArmor profile "${apparmor}" cannot be used: this host has no AppArmor`,
      {
        subject: apparmor,
        hint: 'leave the option out, or say apparmor=unconfined',
      },
    );
  }
  if (apparmor !== undefined) return apparmor;
  if (privileged) return UNCONFINED;
  return usualProfile(state, { canLoad: false });
}

/**
 * The profile of containers that ask for none. `canLoad`: skiff's own is there as soon as the first of them needs it.
 * Undefined: none of their own.
 */
export function usualProfile(state: AppArmorState, { canLoad }: { canLoad: boolean }): string | undefined {
  if (state === 'own' || (canLoad && isLoadable(state))) return OWN_PROFILE;
  return state === 'docker-default' ? DOCKER_PROFILE : undefined;
}

/** Whether skiff's own profile is not loaded and can be: where the list of profiles cannot be read, it cannot. */
function isLoadable(state: AppArmorState): boolean {
  return state === 'none' || state === 'docker-default';
}

/** Whether a container is to run under skiff's own profile and the kernel has to be given it first. */
export function lacksOwnProfile(
  { apparmor, privileged }: ProfileRequest,
  { apparmor: state }: { apparmor: AppArmorState },
): boolean {
  if (!isLoadable(state)) return false;
  return apparmor === undefined ? !privileged : apparmor === OWN_PROFILE;
}

/** The SELinux context of containers where the policy knows them (container-selinux), without categories. */
const CONTAINER_CONTEXT = { user: 'system_u', role: 'system_r', type: 'container_t', level: 's0' };
type Part = keyof typeof CONTAINER_CONTEXT;

/**
 * The SELinux context of a container: as in Docker's default configuration none, unless parts of it are asked for.
 * Files keep the labels that they have. Throws `unsupported` when one is asked for on a host without SELinux,
 * `invalid` for a word that is none.
 */
export function selinuxContext(
  { label = [] }: Pick<SecurityOptions, 'label'>,
  host: { selinux: () => boolean },
): string | undefined {
  if (label.length === 0) return undefined;
  const parts = label.filter((word) => word !== 'disable').map(labelPart);
  if (parts.length === 0 || label.includes('disable')) return undefined;
  if (!host.selinux()) {
    throw new EngineError('unsupported', `the label "${label[0]}" cannot be used: this host has no SELinux`, {
      subject: label[0],
      hint: 'leave the option out, or say label=disable',
    });
  }
  const { user, role, type, level } = { ...CONTAINER_CONTEXT, ...Object.fromEntries(parts) };
  return `${user}:${role}:${type}:${level}`;
}

/** `type:container_t`, `level:s0:c1,c2`. */
function labelPart(word: string): [Part, string] {
  const [, key, value] = /^(user|role|type|level):(.+)$/.exec(word) ?? [];
  if (key !== undefined && value !== undefined) return [key as Part, value];
  throw new EngineError('invalid', `invalid label "${word}"`, {
    subject: word,
    hint: 'write label=disable, or one of user:, role:, type: and level: with a value',
  });
}
