import type { NicDescription, SystemDescription } from '../../src/bmc/bmc.ts';

const said = (value: unknown): string => (value === null ? '-' : String(value));

function printNic(nic: NicDescription): string {
  const link = nic.linkUp === null ? '-' : nic.linkUp ? 'up' : 'down';
  const permanent = nic.permanentMac === null ? '' : ` (permanent ${nic.permanentMac})`;
  return `${nic.mac}${permanent}, link ${link}, ${said(nic.speedMbps)} Mbps: ${nic.ids.join(', ')}`;
}

/** A description as a page of text: what was learned, then what was not. */
export function printDescription({ identity, boot, ...description }: SystemDescription): string {
  const section = (title: string, lines: readonly string[]) => [
    title,
    ...lines.map((line) => `  ${line}`),
    '',
  ];
  return [
    ...section(
      'identity',
      Object.entries(identity).map(([key, value]) => `${key}: ${said(value)}`),
    ),
    ...section('power', [description.power, `resets: ${description.resetTypes?.join(', ') ?? '-'}`]),
    ...section('boot', [
      `override: ${said(boot.overrideEnabled)} ${said(boot.overrideTarget)} ${said(boot.overrideMode)}`,
      `targets: ${boot.allowedTargets?.join(', ') ?? '-'}`,
    ]),
    ...section(
      'processors',
      description.processors.map(
        ({ id, type, model, cores, threads }) =>
          `${id}: ${type}, ${said(model)}, ${said(cores)} cores, ${said(threads)} threads`,
      ),
    ),
    ...section('memory', [`${said(description.memoryGib)} GiB`]),
    ...section('nics', description.nics.map(printNic)),
    ...section(
      'disks',
      description.disks.map(
        ({ id, model, serial, sizeBytes, media, protocol }) =>
          `${id}: ${said(model)}, serial ${said(serial)}, ${said(sizeBytes)} bytes, ${said(media)}, ${said(protocol)}`,
      ),
    ),
    ...section(
      'firmware',
      description.firmware.map(({ name, version }) => `${name}: ${version}`),
    ),
    ...section('bmc', [
      `model: ${said(description.bmc.model)}`,
      `firmware: ${said(description.bmc.firmwareVersion)}`,
      `macs: ${description.bmc.macs.join(', ') || '-'}`,
    ]),
    ...section('missing', description.missing),
  ].join('\n');
}
