/** What the agent's ramdisk is told on its kernel command line. */
export interface AgentArgs {
  /** Where it posts its inventory. */
  readonly callbackUrl: string;
  /** Ironic's API, as the machine reaches it; null while there is no undercloud. */
  readonly ironicUrl: string | null;
  readonly collectors: readonly string[];
  readonly mac: string;
  /** The site's and the node's own arguments, in that order. */
  readonly extra: readonly string[];
}

/**
 * The agent posts its inventory first, and only then looks itself up in Ironic (ironic-python-agent 13, agent.py
 * `run`), again and again until it is enrolled there: so it heartbeats without a second boot, and a deploy may take
 * the fast track. Hours, since an approval may wait for a person.
 */
const LOOKUP_TIMEOUT_SECONDS = 6 * 3600;

/** The command line, without `initrd=`. */
export const agentKernelArgs = (args: AgentArgs): string =>
  [
    `ipa-inspection-callback-url=${args.callbackUrl}`,
    `ipa-inspection-collectors=${args.collectors.join(',')}`,
    ...(args.ironicUrl
      ? [`ipa-api-url=${args.ironicUrl}`, `ipa-lookup-timeout=${LOOKUP_TIMEOUT_SECONDS}`]
      : []),
    ...commonArgs(args),
  ].join(' ');

/** The same ramdisk for a person: a shell on its console and by ssh, no agent, nothing posted anywhere. */
export const rescueKernelArgs = (
  args: Pick<AgentArgs, 'mac' | 'extra'> & { readonly keysUrl: string },
): string => [`blackstart.rescue=${args.keysUrl}`, ...commonArgs(args)].join(' ');

const commonArgs = ({ mac, extra }: Pick<AgentArgs, 'mac' | 'extra'>): string[] => [
  `BOOTIF=${mac}`,
  'nofb',
  'nomodeset',
  ...extra.map((text) => text.trim()).filter((text) => text !== ''),
];
