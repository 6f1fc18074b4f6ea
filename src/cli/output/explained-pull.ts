import type { ExplainedLayer, ExplainedPull } from '../../engine/explain/pull.ts';
import { shortId } from '../text/ids.ts';
import { fact, line, renderSheet, type SheetLine } from '../text/sheet.ts';
import { humanSize } from '../text/units.ts';

/** What a pull would do, in sections for people. */
export function renderPull(explained: ExplainedPull): string {
  const { asked, layers } = explained;
  const sheet = renderSheet([
    { title: 'Image', lines: imageLines(explained) },
    { title: 'Asked just now, and once more by a pull', lines: asked.map(requestLine) },
    { title: 'Layers, from the bottom up', lines: layers.map(layerLine) },
  ]);
  return `Nothing is fetched but manifest and config, which are not kept.\n\n${sheet}`;
}

function imageLines({ name, digest, manifest, id, before, platform, download }: ExplainedPull): SheetLine[] {
  const { wanted, asked, offered, found } = platform;
  const choice = offered === undefined ? 'the only one' : `of ${offered.join(', ')}`;
  return [
    ...fact('name', name, true),
    ...fact('leads to', digest),
    ...fact('manifest', manifest === digest ? undefined : manifest),
    ...fact('platform', `${found}, ${choice}; ${asked ? 'asked for' : 'this machine'}: ${wanted}`, asked),
    ...fact('image', id),
    ...fact('here', hereText(id, before)),
    ...fact('download', download === 0 ? 'nothing: all layers are here' : humanSize(download)),
  ];
}

function hereText(id: string, before: string | undefined): string {
  if (before === undefined) return 'nothing has this name yet';
  return before === id ? 'the name leads to this image already' : `the name leads to ${shortId(before)} now`;
}

function requestLine({ method, url, status }: ExplainedPull['asked'][number]): SheetLine {
  return line([method, status === undefined ? 'no answer' : String(status), url]);
}

const STATES: Readonly<Record<ExplainedLayer['state'], string>> = {
  here: 'is here',
  blob: 'is here, and is unpacked',
  missing: 'is fetched, verified and unpacked',
};

function layerLine({ digest, size, state, request }: ExplainedLayer): SheetLine {
  const how = request === undefined ? STATES[state] : `${STATES[state]}: ${request.method} ${request.url}`;
  return line([shortId(digest), humanSize(size), how]);
}
