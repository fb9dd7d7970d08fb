import { idOf, type JsonObject, objectAt, positiveAt, textAt, textsAt } from './redfish-json.ts';

/** Ways to a serial console that another program must go. */
const OTHER_KINDS = ['SSH', 'IPMI', 'Telnet'] as const;
type OtherKind = (typeof OTHER_KINDS)[number];

export interface ConsoleService {
  readonly kind: OtherKind;
  /** Null for the protocol's own. */
  readonly port: number | null;
  /** What to type after logging in, where the BMC's own shell answers first. */
  readonly entryCommand: string | null;
}

export interface ConsoleOffer {
  readonly webSocket: { readonly uri: string; readonly isEnabled: boolean } | null;
  /** Those that are switched on. */
  readonly services: readonly ConsoleService[];
}

/** What `ComputerSystem.SerialConsole` offers. */
export function readConsoleOffer(system: JsonObject): ConsoleOffer {
  const serial = objectAt(system, 'SerialConsole');
  const webSocket = objectAt(serial, 'WebSocket');
  const uri = textAt(webSocket, 'ConsoleURI');
  return {
    webSocket: uri === null ? null : { uri, isEnabled: webSocket['ServiceEnabled'] !== false },
    services: OTHER_KINDS.filter((kind) => objectAt(serial, kind)['ServiceEnabled'] === true).map((kind) => ({
      kind,
      port: positiveAt(objectAt(serial, kind), 'Port'),
      entryCommand: textAt(objectAt(serial, kind), 'ConsoleEntryCommand'),
    })),
  };
}

/** What `Manager.SerialConsole` offers: all that iDRAC 9, iLO 5 and MegaRAC say, and no more than the protocols. */
export function readManagerOffer(manager: JsonObject): readonly ConsoleService[] {
  const serial = objectAt(manager, 'SerialConsole');
  if (serial['ServiceEnabled'] !== true) return [];
  const supported = textsAt(serial, 'ConnectTypesSupported') ?? [];
  return OTHER_KINDS.filter((kind) => supported.includes(kind)).map((kind) => ({
    kind,
    port: null,
    entryCommand: null,
  }));
}

/** The command that joins a terminal to it. It asks for the password, which is on no command line. */
export function commandFor(service: ConsoleService, host: string, username: string): string {
  const { kind, port, entryCommand } = service;
  const bare = host.replace(/^\[|\]$/g, ''); // IPv6, which only URLs put in brackets
  const user = quote(username);
  switch (kind) {
    case 'SSH': {
      const command = `ssh ${port === null || port === 22 ? '' : `-p ${port} `}-l ${user} ${bare}`;
      return entryCommand === null ? command : `${command} (then type: ${entryCommand})`;
    }
    case 'IPMI': {
      const at = port === null || port === 623 ? '' : ` -p ${port}`;
      return `ipmitool -I lanplus -H ${bare}${at} -U ${user} -a sol activate`;
    }
    case 'Telnet':
      return `telnet ${bare}${port === null ? '' : ` ${port}`}`;
    default:
      return kind satisfies never;
  }
}

/** The command that switches on a WebSocket console that is there and off. */
export function switchOnCommand(system: JsonObject, origin: string, username: string): string {
  const body = JSON.stringify({ SerialConsole: { WebSocket: { ServiceEnabled: true } } });
  return `curl -k -u ${quote(username)} -X PATCH -H 'Content-Type: application/json' -d '${body}' ${origin}${idOf(system) ?? ''}`;
}

/** A word for a shell. */
const quote = (word: string): string =>
  /^[\w.-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
