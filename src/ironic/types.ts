import type { ProvisionVerb } from '../core/provision-states.ts';

/** A node as Ironic's API gives it, with the fields used here; times are ISO 8601 in UTC. */
export interface IronicNode {
  readonly uuid: string;
  readonly name: string | null;
  readonly driver: string;
  readonly driver_info: Readonly<Record<string, unknown>>;
  readonly driver_internal_info: Readonly<Record<string, unknown>>;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly instance_info: Readonly<Record<string, unknown>>;
  readonly extra: Readonly<Record<string, unknown>>;
  /** One of `PROVISION_STATES`, or a newer one. */
  readonly provision_state: string;
  readonly target_provision_state: string | null;
  readonly provision_updated_at: string | null;
  readonly power_state: string | null;
  readonly target_power_state: string | null;
  readonly last_error: string | null;
  readonly maintenance: boolean;
  readonly maintenance_reason: string | null;
  readonly fault: string | null;
  /** The conductor that works on it; null when nobody does. */
  readonly reservation: string | null;
  readonly resource_class: string | null;
  readonly protected?: boolean;
  readonly protected_reason?: string | null;
  readonly inspection_finished_at: string | null;
  readonly power_interface: string;
  readonly management_interface: string;
  readonly boot_interface: string;
  readonly deploy_interface: string;
  readonly inspect_interface: string;
  readonly traits?: readonly string[];
}

/** What `POST /v1/nodes` takes, as far as it is used here. */
export interface NewNode {
  /** Chosen by the caller, so that a repeated request after a crash cannot make a second node. */
  readonly uuid?: string;
  readonly name: string;
  readonly driver: string;
  readonly driver_info?: Readonly<Record<string, unknown>>;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly instance_info?: Readonly<Record<string, unknown>>;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly resource_class?: string;
  readonly description?: string;
  readonly bios_interface?: string;
  readonly boot_interface?: string;
  readonly console_interface?: string;
  readonly deploy_interface?: string;
  readonly firmware_interface?: string;
  readonly inspect_interface?: string;
  readonly management_interface?: string;
  readonly power_interface?: string;
  readonly raid_interface?: string;
  readonly rescue_interface?: string;
  readonly storage_interface?: string;
  readonly vendor_interface?: string;
}

/** RFC 6902, as Ironic takes it. */
export interface PatchOperation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

export interface IronicPort {
  readonly uuid: string;
  readonly node_uuid: string;
  readonly address: string;
  readonly pxe_enabled: boolean;
  readonly local_link_connection: Readonly<Record<string, unknown>>;
  readonly extra: Readonly<Record<string, unknown>>;
}

export interface NewPort {
  readonly node_uuid: string;
  /** MAC address, lowercase with colons. */
  readonly address: string;
  readonly pxe_enabled?: boolean;
  readonly physical_network?: string;
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A config drive that Ironic builds itself (needs `genisoimage`): OpenStack's metadata, and cloud-init's user data. */
export interface ConfigDrive {
  readonly meta_data: Readonly<Record<string, unknown>>;
  readonly network_data?: Readonly<Record<string, unknown>>;
  readonly user_data?: string | Readonly<Record<string, unknown>>;
  readonly vendor_data?: Readonly<Record<string, unknown>>;
}

export interface Step {
  readonly interface: string;
  readonly step: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** What may come with a verb. `configdrive` as a text is a URL or a gzipped, base64-coded ISO 9660 image. */
export interface VerbDetails {
  readonly configdrive?: ConfigDrive | string;
  readonly clean_steps?: readonly Step[];
  readonly deploy_steps?: readonly (Step & { readonly priority: number })[];
  readonly service_steps?: readonly Step[];
  readonly rescue_password?: string;
}

export type { ProvisionVerb };

/** What `PUT …/states/power` takes. */
export type PowerTarget = 'power on' | 'power off' | 'rebooting' | 'soft rebooting' | 'soft power off';

/** Ironic's names of what to boot from; not every BMC takes every one. */
export type BootDeviceName = 'pxe' | 'disk' | 'cdrom' | 'bios' | 'safe' | 'uefihttp';

export interface BootDevice {
  readonly boot_device: string | null;
  readonly persistent: boolean | null;
}

/** For each interface of a node's driver, whether what it needs is there. `result` null: not supported. */
export type Validation = Readonly<
  Record<string, { readonly result: boolean | null; readonly reason?: string | null }>
>;

/** What inspection stored: the agent's inventory, and what its collectors and the hooks added. */
export interface StoredInventory {
  readonly inventory: Readonly<Record<string, unknown>>;
  readonly plugin_data: Readonly<Record<string, unknown>>;
}

/**
 * An entry of a node's history. Since ironic 39 each flow of steps leaves two, `deployment_start` and
 * `deployment_end` (so for cleaning and servicing); failures leave one of severity ERROR; a conductor that was killed
 * leaves `transition` at its next start.
 */
export interface HistoryEntry {
  readonly uuid: string;
  readonly created_at: string;
  readonly severity: 'INFO' | 'WARNING' | 'ERROR' | string | null;
  readonly event_type: string | null;
  readonly event: string;
  readonly conductor: string | null;
}
