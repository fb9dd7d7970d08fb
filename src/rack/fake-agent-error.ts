/**
 * An error as ironic-python-agent's API shows it (its `errors.RESTError`): `type` is the Python class, `message`
 * belongs to the class, `details` to the case. Ironic puts `details` into the node's `last_error`.
 */
export class AgentError extends Error {
  readonly type: string;
  readonly code: number;
  readonly summary: string;
  readonly details: string;

  constructor(type: keyof typeof ERRORS, details: string) {
    const [code, summary] = ERRORS[type];
    super(`${summary}: ${details}`);
    this.type = type;
    this.code = code;
    this.summary = summary;
    this.details = details;
  }

  toJSON(): Record<string, unknown> {
    return { type: this.type, code: this.code, message: this.summary, details: this.details };
  }
}

/** HTTP status and message by class. */
const ERRORS = {
  AgentIsBusy: [409, 'Agent is busy'],
  CleaningError: [500, 'Clean step failed'],
  CommandExecutionError: [500, 'Command execution failed'],
  DeviceNotFound: [404, 'Error finding the disk or partition device to deploy the image onto'],
  HardwareManagerMethodNotFound: [500, 'No HardwareManager found to handle method'],
  ImageChecksumError: [500, 'Error verifying image checksum'],
  ImageDownloadError: [500, 'Error downloading image'],
  InvalidCommandError: [400, 'Invalid command'],
  InvalidCommandParamsError: [400, 'Invalid command parameters'],
  RequestedObjectNotFoundError: [404, 'Not found'],
  RESTError: [500, 'An error occurred'],
  /** werkzeug's, not the agent's own. */
  Unauthorized: [401, '401 Unauthorized'],
  VersionMismatch: [409, 'Hardware managers version mismatch, reload agent with correct version'],
} as const satisfies Record<string, readonly [number, string]>;

/** Errors in what was asked are the request's; all others are kept as the command's result. */
export const isAboutRequest = (error: AgentError): boolean => error.type.startsWith('InvalidCommand');
