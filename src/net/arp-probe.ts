import { type Clock, systemClock } from '../clock.ts';
import { ETHERTYPE_ARP, encodeArpProbe, readArpReply } from '../wire/arp.ts';
import { openPacketSocket } from './packet-socket.ts';

/** Asks a wire who uses an address. */
export interface AddressProber {
  /** Asks for all of them; who answered, by address. Nobody else is known to have the rest. */
  probe(addresses: readonly string[]): Promise<ReadonlyMap<string, string>>;
  close(): void;
}

/** So many at once, then a pause: a burst of broadcasts is no neighbour's fault. */
const BURST = 64;
const PAUSE_MS = 50;
/** A sleeping host may miss the first. RFC 5227 asks three times, over seconds; here nobody waits for the answer. */
const ROUNDS = 2;
const LISTEN_MS = 400;

/** Probes by ARP on the interface's own wire. RFC 5227 §2.1.1. Throws E_NO_INTERFACE or E_NOT_ALLOWED. */
export function openArpProber(device: string, clock: Clock = systemClock): AddressProber {
  const answers = new Map<string, string>();
  const asked = new Set<string>();
  const socket = openPacketSocket({
    device,
    etherType: ETHERTYPE_ARP,
    onFrame(frame) {
      const reply = readArpReply(frame);
      if (reply && asked.has(reply.address) && reply.mac !== socket.mac)
        answers.set(reply.address, reply.mac);
    },
  });
  return {
    async probe(addresses) {
      for (const address of addresses) asked.add(address);
      for (let round = 0; round < ROUNDS; round++) {
        for (let from = 0; from < addresses.length; from += BURST) {
          for (const address of addresses.slice(from, from + BURST))
            if (!answers.has(address)) socket.send(encodeArpProbe(socket.mac, address));
          await clock.sleep(PAUSE_MS);
        }
        await clock.sleep(LISTEN_MS);
      }
      const found = new Map<string, string>();
      for (const address of addresses) {
        const mac = answers.get(address);
        if (mac !== undefined) found.set(address, mac);
        asked.delete(address);
        answers.delete(address);
      }
      return found;
    },
    close: () => socket.close(),
  };
}
