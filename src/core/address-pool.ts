import { formatIpv4, ipv4Number } from '../wire/ipv4.ts';

/** Addresses from the first to the last, both included. */
export interface AddressRange {
  readonly start: string;
  readonly end: string;
}

/** The ranges of a pool as one numbered row of addresses: 0 is the first of the first range. */
export class AddressPool {
  readonly size: number;
  readonly #ranges: readonly { readonly start: number; readonly end: number; readonly index: number }[];

  /** The ranges do not overlap: the site's checks see to it. */
  constructor(ranges: readonly AddressRange[]) {
    let size = 0;
    this.#ranges = ranges.map((range) => {
      const [start, end, index] = [ipv4Number(range.start), ipv4Number(range.end), size];
      size += end - start + 1;
      return { start, end, index };
    });
    this.size = size;
  }

  has(address: string): boolean {
    const value = ipv4Number(address);
    return this.#ranges.some(({ start, end }) => value >= start && value <= end);
  }

  /** The address with this number; null past the end. */
  at(index: number): string | null {
    const range = this.#ranges.findLast((candidate) => candidate.index <= index);
    if (!range || index >= this.size) return null;
    return formatIpv4(range.start + index - range.index);
  }
}
