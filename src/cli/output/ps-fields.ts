import type { ListedContainer } from '../../engine/reports/ps.ts';
import { statusText } from '../../grammar/status-text.ts';
import { ago } from '../../grammar/time-text.ts';
import type { Fields, Headers } from '../template/template.ts';
import { quotedCommand, shortId } from '../text/ids.ts';
import { labelHeader, labelsText } from '../text/labels-text.ts';
import { localTime } from '../text/local-time.ts';
import { mountsText, volumeCount } from '../text/mounts-text.ts';
import { portsText } from '../text/ports-text.ts';
import { humanSize } from '../text/units.ts';

/** The fields of `ps --format`, with Docker's headers. */
export const PS_HEADERS = {
  Command: 'COMMAND',
  CreatedAt: 'CREATED AT',
  HealthStatus: 'HEALTH STATUS',
  ID: 'CONTAINER ID',
  Image: 'IMAGE',
  Label: labelHeader,
  Labels: 'LABELS',
  LocalVolumes: 'LOCAL VOLUMES',
  Mounts: 'MOUNTS',
  Names: 'NAMES',
  Networks: 'NETWORKS',
  Platform: 'PLATFORM',
  Ports: 'PORTS',
  RunningFor: 'CREATED',
  Size: 'SIZE',
  State: 'STATE',
  Status: 'STATUS',
} satisfies Headers;

type PsFields = Record<keyof typeof PS_HEADERS, Fields[string]>;

/** Returns the fields of a container's line. Each is made when a template asks for it. */
export function psFields(container: ListedContainer, { trunc }: { trunc: boolean }): PsFields {
  const { row, state } = container;
  return {
    get Command() {
      return quotedCommand(row.argv, { trunc });
    },
    get CreatedAt() {
      return localTime(row.createdAt);
    },
    HealthStatus: state.health?.status ?? '',
    ID: trunc ? shortId(row.id) : row.id,
    get Image() {
      return trunc ? shortImage(container.image) : container.image;
    },
    Label: (name: string) => container.labels[name] ?? '',
    get Labels() {
      return labelsText(container.labels);
    },
    get LocalVolumes() {
      return String(volumeCount(row.options.mounts));
    },
    get Mounts() {
      return mountsText(row.options.mounts, { trunc });
    },
    Names: row.name,
    get Networks() {
      return container.networking.networks.map(({ name }) => name).join();
    },
    Platform: null,
    get Ports() {
      return portsText(container.networking.ports);
    },
    get RunningFor() {
      return ago(row.createdAt);
    },
    get Size() {
      return sizeText(container);
    },
    State: state.name,
    get Status() {
      return statusText(state);
    },
  };
}

/** Shortens an image's name by what goes without saying: the digest, and the default registry. An id is cut. */
function shortImage(name: string): string {
  if (name.startsWith('sha256:')) return shortId(name);
  return name.replace(/@.*$/, '').replace(/^(index\.)?docker\.io\/(library\/)?/, '');
}

function sizeText({ size }: ListedContainer): string {
  const { own = 0, total = 0 } = size ?? {};
  return total > 0 ? `${humanSize(own)} (virtual ${humanSize(total)})` : humanSize(own);
}
