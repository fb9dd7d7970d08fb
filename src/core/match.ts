/** What an agent told about the machine it runs on, as far as matching needs it. MACs are lower case with colons. */
export interface MachineIdentity {
  readonly systemUuid: string | null;
  readonly serial: string | null;
  readonly macs: readonly string[];
  readonly bmcAddress: string | null;
  readonly bmcMac: string | null;
}

/** What the site file says about a node, and what its BMC was seen to say of the machine it sits in. */
export interface NodeIdentity {
  readonly name: string;
  readonly uuid: string | null;
  readonly serial: string | null;
  readonly macs: readonly string[];
  readonly bmcHost: string | null;
  readonly bmcMac: string | null;
  /** MACs that were seen to netboot by its switch port. */
  readonly portMacs: readonly string[];
  readonly fromBmc: {
    readonly systemUuid: string | null;
    readonly serial: string | null;
    readonly macs: readonly string[];
  } | null;
}

export type Match =
  | { readonly kind: 'matched'; readonly node: string; readonly evidence: readonly string[] }
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'conflict'; readonly reason: string };

/** Serial numbers that vendors ship when they forgot to write one; they identify nothing. */
const PLACEHOLDER =
  /^(|0+|\.+|none|n\/?a|not (specified|available|applicable)|default string|system serial number|to be filled by o\.?e\.?m\.?|x+|1234567890?|0123456789)$/i;

const meaningful = (value: string | null): string | null => {
  const trimmed = value?.trim() ?? '';
  return PLACEHOLDER.test(trimmed) ? null : trimmed.toLowerCase();
};

/** UUIDs of nothing, and the GUID that unrelated machines were seen to share (facts/redfish.md). */
const uuidOf = (value: string | null): string | null => {
  const uuid = meaningful(value);
  if (uuid === null || /^[0f-]+$/.test(uuid) || uuid.startsWith('00020003-0004-0005')) return null;
  return uuid;
};

/** Some firmware reports the first three fields of the system UUID byte-swapped (SMBIOS 2.6 §7.2.1 against older). */
const swapped = (uuid: string): string => {
  const [a = '', b = '', c = '', ...rest] = uuid.split('-');
  const swap = (field: string) => (field.match(/../g) ?? []).reverse().join('');
  return [swap(a), swap(b), swap(c), ...rest].join('-');
};

/** Whether two system UUIDs are of one machine, byte-swapped ones too; a missing or meaningless one is of none. */
export const sameSystemUuid = (a: string | null, b: string | null): boolean => {
  const [left, right] = [uuidOf(a), uuidOf(b)];
  return left !== null && right !== null && (left === right || left === swapped(right));
};

const sameText = (a: string | null, b: string | null): boolean =>
  meaningful(a) !== null && meaningful(a) === meaningful(b);

/** Every reason to believe that this machine is that node. Empty when there is none. */
function evidenceFor(machine: MachineIdentity, node: NodeIdentity): string[] {
  const shared = node.macs.filter((mac) => machine.macs.includes(mac));
  const sharedByBmc = (node.fromBmc?.macs ?? []).filter((mac) => machine.macs.includes(mac));
  return [
    ...(sameText(machine.serial, node.serial) ? [`serial number ${node.serial}`] : []),
    ...(sameSystemUuid(machine.systemUuid, node.uuid) ? [`system UUID ${node.uuid}`] : []),
    ...shared.map((mac) => `NIC ${mac}`),
    ...(sameText(machine.bmcMac, node.bmcMac) ? [`BMC MAC ${node.bmcMac}`] : []),
    ...(sameText(machine.bmcAddress, node.bmcHost) ? [`BMC address ${node.bmcHost}`] : []),
    ...(sameSystemUuid(machine.systemUuid, node.fromBmc?.systemUuid ?? null)
      ? [`system UUID ${machine.systemUuid} read from its BMC`]
      : []),
    ...(sameText(machine.serial, node.fromBmc?.serial ?? null)
      ? [`serial number ${machine.serial} read from its BMC`]
      : []),
    ...node.portMacs
      .filter((mac) => machine.macs.includes(mac) && !shared.includes(mac))
      .map((mac) => `NIC ${mac} on its switch port`),
    ...sharedByBmc.filter((mac) => !shared.includes(mac)).map((mac) => `NIC ${mac} read from its BMC`),
  ];
}

/** What the site file says that this machine contradicts: a typed serial number or UUID that is another one. */
function contradictions(machine: MachineIdentity, node: NodeIdentity): string[] {
  const [serial, typed] = [meaningful(machine.serial), meaningful(node.serial)];
  const wrongSerial = serial !== null && typed !== null && serial !== typed;
  const wrongUuid =
    uuidOf(machine.systemUuid) !== null &&
    uuidOf(node.uuid) !== null &&
    !sameSystemUuid(machine.systemUuid, node.uuid);
  return [
    ...(wrongSerial ? [`serial number is ${machine.serial}, the site file says ${node.serial}`] : []),
    ...(wrongUuid ? [`system UUID is ${machine.systemUuid}, the site file says ${node.uuid}`] : []),
  ];
}

/**
 * Which node of the site this machine is. One node with evidence and nothing against it is a match; evidence for
 * two nodes, or evidence beside a contradiction, is a conflict that a person must look at: never a guess.
 */
export function matchMachine(machine: MachineIdentity, nodes: readonly NodeIdentity[]): Match {
  const candidates = nodes
    .map((node) => ({ node, evidence: evidenceFor(machine, node), against: contradictions(machine, node) }))
    .filter((candidate) => candidate.evidence.length > 0);
  const [first, second] = candidates;
  if (first === undefined)
    return { kind: 'unknown', reason: 'no serial number, UUID, NIC or BMC of it is in the site file' };
  if (second !== undefined) {
    const claims = candidates.map(({ node, evidence }) => `${node.name} by ${evidence.join(' and ')}`);
    return { kind: 'conflict', reason: `it looks like several nodes: ${claims.join('; ')}` };
  }
  if (first.against.length > 0) {
    return {
      kind: 'conflict',
      reason: `it has ${first.evidence.join(' and ')} of ${first.node.name}, but its ${first.against.join(' and its ')}`,
    };
  }
  return { kind: 'matched', node: first.node.name, evidence: first.evidence };
}
