/** How iPXE ends: it hands the machine to something, or gives it back to the firmware. */
export type IpxeEnd =
  | {
      readonly kind: 'kernel';
      readonly url: string;
      readonly args: readonly string[];
      readonly initrds: readonly string[];
    }
  | { readonly kind: 'disk' }
  /** Back to the firmware; what that means differs by firmware and code. */
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'reboot' }
  | { readonly kind: 'poweroff' }
  /** Waits for a key that nobody presses. */
  | { readonly kind: 'hang'; readonly reason: string };

/** What comes of a command: `ok` and `fail` are iPXE's; an object ends the boot program. */
export type IpxeOutcome = 'ok' | 'fail' | IpxeEnd;

/** What iPXE needs of the machine around it. */
export interface IpxeWorld {
  /** `mac`, `net0/mac`, `net0/ip`, `uuid`, `platform`, …: written by `set` and `inc`. */
  readonly settings: Map<string, string>;
  /** A script's text; null when the download failed. */
  fetchScript(url: string): Promise<string | null>;
  /** Downloads a kernel or ramdisk and throws it away; false when that failed. */
  fetchImage(url: string): Promise<boolean>;
  /** Whether `sanboot` of the local disk starts an operating system here: never with UEFI, measured on OVMF. */
  canBootDisk(): boolean;
  sleep(seconds: number): Promise<void>;
  print(line: string): void;
}

/** What one run has collected: the images, and where relative URLs start. */
export interface IpxeState {
  readonly world: IpxeWorld;
  baseUrl: string;
  kernel: { url: string; args: readonly string[] } | null;
  initrds: string[];
  depth: number;
  /** All statements of all scripts of this boot: a loop without a pause is a hang. */
  statements: number;
}
