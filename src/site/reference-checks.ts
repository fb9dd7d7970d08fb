import { ownAttributes, SELECTOR_KEYS_IN_SITE } from './attributes.ts';
import type { Fault } from './fault.ts';
import type { WrittenSite } from './schema.ts';
import { parseSelector, selects } from './selector.ts';
import type { Path } from './source.ts';
import { didYouMean } from './wording.ts';

/** Every name that is referred to exists, and what goes together does. */
export function referenceFaults(site: WrittenSite): Fault[] {
  return [
    ...Object.entries(site.roles).flatMap(([name, role]) =>
      unknownName(['roles', name, 'image'], 'image', role.image, site.images),
    ),
    ...site.nodes.flatMap((node, index) => nodeFaults(site, node, ['nodes', index])),
    ...selectorFaults(site),
    ...fleetFaults(site),
    ...Object.keys(site.rehearsal.machines).flatMap((name) =>
      site.nodes.some((node) => node.name === name)
        ? []
        : [
            {
              path: ['rehearsal', 'machines', name],
              message: `there is no node "${name}"${didYouMean(
                name,
                site.nodes.map((node) => node.name),
              )}`,
            },
          ],
    ),
  ];
}

type WrittenNode = WrittenSite['nodes'][number];

function nodeFaults(site: WrittenSite, node: WrittenNode, path: Path): Fault[] {
  return [
    ...unknownName([...path, 'role'], 'role', node.role, site.roles),
    ...(node.rack === null ? [] : unknownName([...path, 'rack'], 'rack', node.rack, site.racks)),
    ...bootModeFaults(site, node, path),
    ...unitFaults(site, node, path),
    ...credentialFaults(site, node, path),
  ];
}

function unknownName(
  path: Path,
  noun: string,
  name: string,
  known: Readonly<Record<string, unknown>>,
): Fault[] {
  if (Object.hasOwn(known, name)) return [];
  const names = Object.keys(known);
  const hint =
    didYouMean(name, names) || (names.length > 0 ? `; there are ${names.join(', ')}` : '; there are none');
  return [{ path, message: `there is no ${noun} "${name}"${hint}`, about: [`${noun}s`, name] }];
}

function bootModeFaults(site: WrittenSite, node: WrittenNode, path: Path): Fault[] {
  const role = Object.hasOwn(site.roles, node.role) ? site.roles[node.role] : undefined;
  const image = role && Object.hasOwn(site.images, role.image) ? site.images[role.image] : undefined;
  const bootMode = node.bootMode ?? role?.bootMode ?? null;
  if (role === undefined || image === undefined || bootMode === null || image.bootModes.includes(bootMode))
    return [];
  const message = `image "${role.image}" boots by ${image.bootModes.join(' and ')} only, and this node is ${bootMode}`;
  return [{ path: node.bootMode === null ? [...path, 'role'] : [...path, 'bootMode'], message }];
}

function unitFaults(site: WrittenSite, node: WrittenNode, path: Path): Fault[] {
  if (node.unit === null) return [];
  if (node.rack === null) return [{ path: [...path, 'unit'], message: 'a unit without a rack says nothing' }];
  const rack = Object.hasOwn(site.racks, node.rack) ? site.racks[node.rack] : undefined;
  if (rack === undefined || node.unit <= rack.units) return [];
  return [{ path: [...path, 'unit'], message: `rack "${node.rack}" has ${rack.units} units` }];
}

function credentialFaults(site: WrittenSite, node: WrittenNode, path: Path): Fault[] {
  if (node.bmc === null) return [];
  return (['username', 'password'] as const)
    .filter((key) => node.bmc?.[key] === null && site.bmcDefaults[key] === null)
    .map((key) => ({
      path: [...path, 'bmc'],
      message: `has no ${key}: give it here or as bmcDefaults.${key}`,
    }));
}

function selectorFaults(site: WrittenSite): Fault[] {
  const places: [Path, string | null][] = [
    ...site.policies.protect.map((text, index): [Path, string] => [['policies', 'protect', index], text]),
    ...site.discovery.rules.map((rule, index): [Path, string] => [
      ['discovery', 'rules', index, 'nodes'],
      rule.nodes,
    ]),
    ...Object.entries(site.fleets).flatMap(([name, fleet]): [Path, string | null][] => [
      [['fleets', name, 'nodes'], fleet.nodes],
      [['fleets', name, 'controllers'], fleet.controllers],
    ]),
  ];
  return places.flatMap(([path, text]) => {
    const selector = text === null ? null : parseSelector(text, SELECTOR_KEYS_IN_SITE);
    return selector === null || selector.ok ? [] : [{ path, message: selector.reason }];
  });
}

/** A node serves one purpose. */
function fleetFaults(site: WrittenSite): Fault[] {
  const fleets = Object.entries(site.fleets).flatMap(([name, fleet]) => {
    const selector = parseSelector(fleet.nodes, SELECTOR_KEYS_IN_SITE);
    return selector.ok ? [{ name, selector: selector.value }] : [];
  });
  return site.nodes.flatMap((node) => {
    const attributes = ownAttributes(site, node);
    const [first, second] = fleets.filter(({ selector }) => selects(selector, attributes));
    if (first === undefined || second === undefined) return [];
    return [
      {
        path: ['fleets', second.name, 'nodes'],
        message: `node "${node.name}" is in fleet "${first.name}" too`,
      },
    ];
  });
}
