/** What a simulated machine does wrong, from its spec's `behaviours`. */
export interface FakeBehaviour {
  /** Loads the ramdisk and is never heard of again: a hung kernel, a missing driver. */
  readonly silent: boolean;
  /** Waits this long before each stage of the boot. */
  readonly slowSeconds: number;
  /** Reports another serial number, half the memory and another disk than it was ordered with. */
  readonly wrongInventory: boolean;
}

const SLOW_SECONDS = 5;

/** Reads `silent`, `slow`, `slow=SECONDS` and `wrong-inventory`. Throws on any other word. */
export function readBehaviour(words: readonly string[]): FakeBehaviour {
  let behaviour: FakeBehaviour = { silent: false, slowSeconds: 0, wrongInventory: false };
  for (const word of words) {
    const slow = /^slow(?:=(\d+))?$/.exec(word);
    if (slow) behaviour = { ...behaviour, slowSeconds: Number(slow[1] ?? SLOW_SECONDS) };
    else if (word === 'silent') behaviour = { ...behaviour, silent: true };
    else if (word === 'wrong-inventory') behaviour = { ...behaviour, wrongInventory: true };
    else throw new Error(`a simulated machine cannot be "${word}"`);
  }
  return behaviour;
}
