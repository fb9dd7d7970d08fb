/** One thing a machine did on its way from power-on to login, as the seed saw it. */
export interface TraceEvent {
  /** Empty where a packet or a request did not tell which machine sent it. */
  readonly mac: string;
  readonly node: string | null;
  readonly stage: string;
  readonly decision: string;
  readonly reason: string;
  readonly atMs: number;
  /** When it began; null in rows of the first release. */
  readonly startedAtMs: number | null;
  readonly network: string | null;
  readonly address: string | null;
  readonly file: string | null;
  readonly bytes: number | null;
  /** IANA's code of the client's architecture. */
  readonly arch: number | null;
  /** `DISCOVER`, `REQUEST`; `GET`, `HEAD`. */
  readonly message: string | null;
  readonly xid: number | null;
  readonly status: number | null;
  readonly resends: number | null;
  /** How many events this row stands for: more than one in a summary of a flood. */
  readonly repeats: number;
}

/** A row of the trace, by whose number a follower asks for later ones. */
export interface TraceRow extends TraceEvent {
  readonly id: number;
}

const REASON_LENGTH = 400;
const FILE_LENGTH = 255;

/** What is kept of texts from the network is bounded. */
export const bounded = (event: TraceEvent): TraceEvent =>
  event.reason.length <= REASON_LENGTH && (event.file?.length ?? 0) <= FILE_LENGTH
    ? event
    : {
        ...event,
        reason: event.reason.slice(0, REASON_LENGTH),
        file: event.file?.slice(0, FILE_LENGTH) ?? null,
      };
