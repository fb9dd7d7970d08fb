/** How often and after how long firmware asks again, until it gives up. */
export type Waits = readonly number[];

/** EDK2's DHCP client, and a machine gives up after the last; capture u_full_60_43 has the first. */
export const ROM_DHCP_WAITS_MS: Waits = [4000, 8000, 16_000, 32_000];
/** iPXE's: doubling from one second. */
export const IPXE_DHCP_WAITS_MS: Waits = [1000, 2000, 4000, 8000, 10_000];
/** EDK2's PXE: six tries of four seconds (PXEBC_MTFTP_TIMEOUT, PXEBC_MTFTP_RETRIES). */
export const ROM_TFTP_WAITS_MS: Waits = [4000, 4000, 4000, 4000, 4000, 4000];

interface Waiting {
  readonly waitsMs: Waits;
  readonly askAgain: () => void;
  readonly giveUp: () => void;
  tries: number;
  dueMs: number;
}

/** What machines wait for: each for one thing at a time. */
export class Patience {
  readonly #waiting = new Map<number, Waiting>();
  /** How often machines had to ask again. */
  retries = 0;

  /** The machine has asked, and asks again unless it is answered. */
  expect(machine: number, waitsMs: Waits, askAgain: () => void, giveUp: () => void): void {
    const dueMs = performance.now() + (waitsMs[0] ?? 0);
    this.#waiting.set(machine, { waitsMs, askAgain, giveUp, tries: 0, dueMs });
  }

  /** It was answered in part: its time starts afresh. */
  renew(machine: number, nowMs: number): void {
    const waiting = this.#waiting.get(machine);
    if (!waiting) return;
    waiting.tries = 0;
    waiting.dueMs = nowMs + (waiting.waitsMs[0] ?? 0);
  }

  answered(machine: number): void {
    this.#waiting.delete(machine);
  }

  tick(nowMs: number): void {
    for (const [machine, waiting] of this.#waiting) {
      if (nowMs < waiting.dueMs) continue;
      waiting.tries += 1;
      const waitMs = waiting.waitsMs[waiting.tries];
      if (waitMs === undefined) {
        this.#waiting.delete(machine);
        waiting.giveUp();
        continue;
      }
      this.retries += 1;
      waiting.dueMs = nowMs + waitMs;
      waiting.askAgain();
    }
  }
}
