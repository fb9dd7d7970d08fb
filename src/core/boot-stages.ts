/**
 * Everything that a boot server can note of a machine, and the part of the boot it belongs to. The trace's bars, the
 * diagnosis and the metrics' labels derive from this table: a new kind of event is a line here.
 */
export const BOOT_STAGES = {
  'dhcp offer': 'dhcp',
  'dhcp ack': 'dhcp',
  'dhcp nak': 'dhcp',
  'dhcp ignored': 'dhcp',
  'dhcp inform': 'dhcp',
  'dhcp release': 'dhcp',
  'dhcp decline': 'dhcp',
  'dhcp exhausted': 'dhcp',
  /** What would have been answered, on a network that is only observed. */
  'dhcp observed': 'dhcp',
  /** Left unanswered because too many unknown machines ask. */
  'dhcp limited': 'dhcp',
  /** A machine takes another server's offer. */
  'dhcp elsewhere': 'dhcp',
  'dhcp malformed': 'dhcp',
  /** Somebody answers a probe for an address that was to be given out. */
  'dhcp conflict': 'dhcp',
  /** Another DHCP server was heard. */
  'dhcp rogue': 'dhcp',
  'dhcp6 advertise': 'dhcp',
  'dhcp6 reply': 'dhcp',
  'dhcp6 exhausted': 'dhcp',
  'dhcp6 ignored': 'dhcp',
  'dhcp6 malformed': 'dhcp',
  'tftp program': 'program',
  /** Any other file by TFTP: GRUB's configuration, a Raspberry Pi's firmware. */
  'tftp file': 'program',
  /** A request that TFTP turned down: a write, a crowd, a name that leads outside. */
  'tftp refused': 'program',
  'tftp malformed': 'program',
  'http program': 'program',
  script: 'script',
  kernel: 'kernel',
  ramdisk: 'ramdisk',
  /** A program of the site's own, such as a firmware update. */
  tool: 'kernel',
  inventory: 'agent',
  image: 'image',
  'http file': 'other',
  /** A request that HTTP turned down: a path that nothing serves, a token that is missing or used up. */
  'http refused': 'other',
  /** A one-time token: made, used, refused. */
  token: 'other',
} as const;

export type BootStage = keyof typeof BOOT_STAGES;
export type BootPhase = (typeof BOOT_STAGES)[BootStage];

/** The phase of a stage as the store has it, which may be from another release. */
export const phaseOf = (stage: string): BootPhase =>
  Object.hasOwn(BOOT_STAGES, stage) ? BOOT_STAGES[stage as BootStage] : 'other';
