import type { Resource } from './resource.ts';

export interface Reply {
  readonly status: number;
  readonly body?: Resource;
  readonly headers?: Readonly<Record<string, string>>;
}

export const found = (body: Resource): Reply => ({ status: 200, body });
export const done: Reply = { status: 204 };

interface Message {
  /** A key of DMTF's Base message registry. */
  readonly id: string;
  readonly text: string;
  readonly args?: readonly string[];
  readonly resolution: string;
}

/** A refusal as DSP0266 §8.6 wants it: the reason in `@Message.ExtendedInfo`, from the Base registry. */
function refusal(status: number, message: Message, headers: Record<string, string> = {}): Reply {
  const info = {
    '@odata.type': '#Message.v1_1_1.Message',
    MessageId: `Base.1.8.${message.id}`,
    Message: message.text,
    MessageArgs: message.args ?? [],
    Severity: 'Warning',
    Resolution: message.resolution,
  };
  const error = { code: info.MessageId, message: message.text, '@Message.ExtendedInfo': [info] };
  return { status, body: { error }, headers };
}

export const unauthorized = (): Reply =>
  refusal(
    401,
    {
      id: 'NoValidSession',
      text: 'There is no valid session established with the implementation.',
      resolution: 'Establish a session, or send a name and a password, and try again.',
    },
    { 'WWW-Authenticate': 'Basic realm="Blackstart virtual BMC"' },
  );

export const missing = (path: string): Reply =>
  refusal(404, {
    id: 'ResourceMissingAtURI',
    text: `The resource at the URI ${path} was not found.`,
    args: [path],
    resolution: 'Follow the links from the service root.',
  });

export const notAllowed = (method: string, path: string): Reply =>
  refusal(405, {
    id: 'OperationNotAllowed',
    text: `The HTTP method ${method} is not allowed on ${path}.`,
    resolution: 'None.',
  });

export const malformed = (reason: string): Reply =>
  refusal(400, {
    id: 'MalformedJSON',
    text: `The request body could not be read: ${reason}.`,
    resolution: 'Send one JSON object.',
  });

export const tooLong = (): Reply =>
  refusal(413, { id: 'MalformedJSON', text: 'The request body is too long.', resolution: 'Send less.' });

export const valueNotInList = (property: string, value: string): Reply =>
  refusal(400, {
    id: 'PropertyValueNotInList',
    text: `The value ${value} for the property ${property} is not in the list of acceptable values.`,
    args: [value, property],
    resolution: `Choose one of ${property}@Redfish.AllowableValues.`,
  });

export const notWritable = (property: string): Reply =>
  refusal(400, {
    id: 'PropertyNotWritable',
    text: `The property ${property} is read only or unknown, and cannot be assigned a value.`,
    args: [property],
    resolution: 'Remove the property from the request body.',
  });

export const parameterNotInList = (action: string, parameter: string, value: string): Reply =>
  refusal(400, {
    id: 'ActionParameterValueNotInList',
    text: `The value ${value} for the parameter ${parameter} in the action ${action} is not acceptable.`,
    args: [value, parameter, action],
    resolution: `Choose one of ${parameter}@Redfish.AllowableValues.`,
  });

export const poweredOff = (): Reply =>
  refusal(409, {
    id: 'ResourceInStandby',
    text: 'The request could not be performed because the system is powered off.',
    resolution: 'Power the system on and try again.',
  });

export const preconditionFailed = (): Reply =>
  refusal(412, {
    id: 'PreconditionFailed',
    text: 'The ETag supplied did not match the ETag of the resource.',
    resolution: 'Read the resource again and use its ETag.',
  });

export const busy = (): Reply =>
  refusal(
    503,
    {
      id: 'ServiceTemporarilyUnavailable',
      text: 'The service is temporarily unavailable. Retry in 1 seconds.',
      args: ['1'],
      resolution: 'Wait for the time told and try again.',
    },
    { 'Retry-After': '1' },
  );

export const internalError = (reason: string): Reply =>
  refusal(500, {
    id: 'InternalError',
    text: `The request failed: ${reason}`,
    resolution: "See the rack's log.",
  });
