import type { Datagram } from '../../src/net/datagram.ts';
import type { UdpOptions, UdpSocket } from '../../src/net/udp.ts';
import type { Random } from '../random.ts';
import type { SimClock } from './sim-clock.ts';

export interface Place {
  readonly address: string;
  readonly port: number;
}

/** How bad the network is. */
export interface Weather {
  /** One datagram in so many is lost; 0: none. */
  readonly lossOneIn: number;
  readonly doubleOneIn: number;
  /** One in so many is late, by up to this: others overtake it. */
  readonly lateOneIn: number;
  readonly lateMs: number;
}

export const FAIR: Weather = {
  lossOneIn: 0,
  doubleOneIn: 0,
  lateOneIn: 0,
  lateMs: 0,
};
const BROADCAST = '255.255.255.255';

type Hear = (datagram: Datagram) => void;

/** One wire that machines and the seed are plugged into. It loses, doubles and reorders what is sent. */
export class SimWire {
  weather: Weather = FAIR;
  readonly #clock: SimClock;
  readonly #random: Random;
  readonly #ears = new Set<{ readonly place: Place; readonly hear: Hear }>();

  constructor(clock: SimClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Hears what is sent to `place`; address 0.0.0.0 hears broadcasts, and what no other ear is for. */
  listen(place: Place, hear: Hear): { close(): void } {
    const ear = { place, hear };
    this.#ears.add(ear);
    return { close: () => void this.#ears.delete(ear) };
  }

  send(bytes: Uint8Array, from: Place, to: Place): void {
    const { lossOneIn, doubleOneIn } = this.weather;
    if (lossOneIn > 0 && this.#random.oneIn(lossOneIn)) return;
    const copies = doubleOneIn > 0 && this.#random.oneIn(doubleOneIn) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++)
      this.#clock.after(this.#delayMs(), () => this.#deliver(new Uint8Array(bytes), from, to));
  }

  /** A socket of the seed's, as the boot servers open it. */
  readonly openSocket = async (options: UdpOptions, seedAddress: string): Promise<UdpSocket> => {
    const { port, address, onDatagram } = options;
    const ear = this.listen({ address, port }, onDatagram);
    return {
      port,
      send: (bytes, toPort, toAddress) =>
        this.send(bytes, { address: seedAddress, port }, { address: toAddress, port: toPort }),
      close: async () => ear.close(),
    };
  };

  #delayMs(): number {
    const { lateOneIn, lateMs } = this.weather;
    return lateOneIn > 0 && this.#random.oneIn(lateOneIn)
      ? this.#random.below(lateMs)
      : this.#random.below(3);
  }

  #deliver(bytes: Uint8Array, from: Place, to: Place): void {
    const onPort = [...this.#ears].filter(({ place }) => place.port === to.port);
    const exact = onPort.filter(({ place }) => place.address === to.address);
    const heard =
      to.address === BROADCAST || exact.length === 0
        ? onPort.filter(
            ({ place }) => place.address === '0.0.0.0' && (to.address === BROADCAST || to.port === 67),
          )
        : exact;
    for (const { hear } of heard) hear({ bytes, from });
  }
}
