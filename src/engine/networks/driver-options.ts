import { EngineError } from '../../errors.ts';
import type { NetworkDefinition } from '../../network/address/definition.ts';

type Settings = Pick<
  NetworkDefinition,
  'link' | 'mtu' | 'masquerade' | 'isolated' | 'hostBinding' | 'macvlanMode'
>;

type Setter = (settings: Partial<Settings>, value: string, name: string) => void;

/** The longest name of an interface: IFNAMSIZ without the NUL at its end. */
const LINK_MAX = 15;

const link: Setter = (settings, value, name) => {
  if (!/^[\w.-]+$/.test(value) || value.length > LINK_MAX || value === '.' || value === '..') {
    throw invalid(name, value, `an interface has at most ${LINK_MAX} letters, digits, -, _ and dots`);
  }
  settings.link = value;
};

const mtu: Setter = (settings, value, name) => {
  const bytes = Number(value);
  if (!/^\d{1,5}$/.test(value) || bytes < 68 || bytes > 65_535)
    throw invalid(name, value, 'a number of bytes from 68 to 65535');
  settings.mtu = bytes;
};

const MODES = ['bridge', 'private', 'vepa', 'passthru'] as const;

const BRIDGE: Readonly<Record<string, Setter>> = {
  'com.docker.network.bridge.name': link,
  'com.docker.network.driver.mtu': mtu,
  mtu,
  'com.docker.network.bridge.enable_ip_masquerade': (settings, value, name) => {
    settings.masquerade = booleanOf(name, value);
  },
  'com.docker.network.bridge.enable_icc': (settings, value, name) => {
    settings.isolated = !booleanOf(name, value);
  },
  'com.docker.network.bridge.host_binding_ipv4': (settings, value, name) => {
    if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(value)) throw invalid(name, value, 'an IPv4 address of the host');
    settings.hostBinding = value;
  },
  // Networks are isolated from each other in any case; Podman asks for what Docker always does.
  isolate: (_settings, value, name) => {
    if (value === 'true' || value === 'strict') return;
    throw new EngineError('unsupported', `option ${name}=${value} is not supported`, {
      subject: name,
      remedy: 'networks do not reach each other: connect a container to both (skiff network connect)',
    });
  },
};

const MACVLAN: Readonly<Record<string, Setter>> = {
  parent: link,
  'com.docker.network.driver.mtu': mtu,
  mtu,
  macvlan_mode: macvlanMode,
  mode: macvlanMode,
};

function macvlanMode(settings: Partial<Settings>, value: string, name: string): void {
  const mode = MODES.find((known) => known === value);
  if (mode === undefined) throw invalid(name, value, `one of ${MODES.join(', ')}`);
  settings.macvlanMode = mode;
}

/** Reads `-o NAME=VALUE` of a network. Throws `invalid` for a value that is none, `unsupported` for an option that is not there. */
export function driverSettings(
  driver: NetworkDefinition['driver'],
  options: Readonly<Record<string, string>>,
): Partial<Settings> {
  const settings: Partial<Settings> = {};
  const known = driver === 'bridge' ? BRIDGE : MACVLAN;
  for (const [name, value] of Object.entries(options)) {
    const setter = Object.hasOwn(known, name) ? known[name] : undefined;
    if (setter === undefined) {
      throw new EngineError('unsupported', `network driver ${driver} has no option ${name}`, {
        subject: name,
        hint: `it has ${Object.keys(known).join(', ')}`,
      });
    }
    setter(settings, value, name);
  }
  return settings;
}

function booleanOf(name: string, value: string): boolean {
  if (/^(true|1|t)$/i.test(value)) return true;
  if (/^(false|0|f)$/i.test(value)) return false;
  throw invalid(name, value, 'true or false');
}

function invalid(name: string, value: string, expected: string): EngineError {
  return new EngineError('invalid', `option ${name}=${value} cannot be`, { subject: name, hint: expected });
}
