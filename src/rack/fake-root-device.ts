import { AgentError } from './fake-agent-error.ts';
import type { AgentDisk } from './fake-agent-inventory.ts';

/** A node as Ironic hands it to the agent: what is read of it here. */
export interface AgentNode {
  readonly uuid?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly instance_info?: Readonly<Record<string, unknown>>;
}

const MIN_ROOT_BYTES = 4 * 1024 ** 3;
const BYTES_PER_GIB = 1024 ** 3;

/**
 * Which disk the agent would deploy to (`get_os_install_device`): by the node's `root_device` hints, those of
 * `instance_info` first; without hints one of 4 GiB or more. Throws DeviceNotFound in the agent's words.
 */
export function findRootDevice(disk: AgentDisk, node: AgentNode | null): AgentDisk {
  const hints = node?.instance_info?.['root_device'] ?? node?.properties?.['root_device'];
  if (!hints || typeof hints !== 'object') {
    if (disk.size >= MIN_ROOT_BYTES) return disk;
    throw new AgentError(
      'DeviceNotFound',
      `No suitable device was found for deployment - root device hints were not provided and all found block devices are smaller than ${MIN_ROOT_BYTES}B.`,
    );
  }
  if (Object.entries(hints).every(([name, hint]) => matchesHint(disk, name, hint))) return disk;
  throw new AgentError(
    'DeviceNotFound',
    `No suitable device was found for deployment using these hints ${JSON.stringify(hints)}`,
  );
}

/** `specs_matcher`'s operators that people use: none, `s==`, `==`, `>=`, `<=`, `>`, `<`, `<or>`. Sizes are in GiB. */
export function matchesHint(disk: AgentDisk, name: string, hint: unknown): boolean {
  const actual = disk[name as keyof AgentDisk];
  if (actual === undefined || actual === null) return false;
  const [, operator = '', rest = ''] =
    /^\s*(s==|==|>=|<=|>|<(?!or>)|=)?\s*(.*?)\s*$/s.exec(String(hint)) ?? [];
  const wanted = rest.toLowerCase();
  if (name !== 'size') {
    const text = String(actual).toLowerCase();
    return wanted.startsWith('<or>')
      ? wanted.split('<or>').some((each) => each.trim() === text)
      : text === wanted;
  }
  const sizeGib = Number(actual) / BYTES_PER_GIB;
  return compare(operator, sizeGib, Number(wanted));
}

function compare(operator: string, left: number, right: number): boolean {
  switch (operator) {
    case '>=':
    case '=':
      return left >= right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '<':
      return left < right;
    default:
      return left === right;
  }
}
