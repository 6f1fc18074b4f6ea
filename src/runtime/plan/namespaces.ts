import { EngineError } from '../../errors.ts';
import type { IdMappingSpec, LinuxSpec, NamespaceSpec, TimeOffsetSpec } from '../../oci/runtime-config.ts';
import type { JoinedProcess, NamespaceChoices } from '../options.ts';
import type { PlanRecord } from '../record.ts';

/** The namespaces that are made or joined, with the maps and offsets of the new ones. */
export function namespaceRecords(linux: LinuxSpec, chosen: NamespaceChoices): PlanRecord[] {
  const { namespaces, uidMappings = [], gidMappings = [], timeOffsets = {} } = linux;
  return [
    ...namespaces.map((namespace) => namespaceRecord(namespace, chosen)),
    ...uidMappings.map((range) => mapRecord('uid-map', range)),
    ...gidMappings.map((range) => mapRecord('gid-map', range)),
    ...offsetRecord('monotonic', timeOffsets.monotonic),
    ...offsetRecord('boottime', timeOffsets.boottime),
  ];
}

/** A path names whoever has that pid now; the plan names the process that was meant. */
function namespaceRecord({ type, path }: NamespaceSpec, chosen: NamespaceChoices): PlanRecord {
  const name = type === 'network' ? 'net' : type;
  if (path === undefined) return ['namespace', name];
  const { pid, startTime } = joinedProcess(type, chosen);
  return ['join', name, String(pid), String(startTime)];
}

function joinedProcess(type: NamespaceSpec['type'], chosen: NamespaceChoices): JoinedProcess {
  const choice = type === 'mount' || type === 'time' ? undefined : chosen[type];
  if (typeof choice === 'object' && 'pid' in choice) return choice;
  throw new EngineError('internal', `the ${type} namespace is to be joined, but not of whom`);
}

function mapRecord(op: 'uid-map' | 'gid-map', { containerID, hostID, size }: IdMappingSpec): PlanRecord {
  return [op, String(containerID), String(hostID), String(size)];
}

function offsetRecord(clock: 'monotonic' | 'boottime', offset: TimeOffsetSpec | undefined): PlanRecord[] {
  return offset === undefined ? [] : [['time-offset', clock, String(offset.secs), String(offset.nanosecs)]];
}
