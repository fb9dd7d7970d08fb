import { generateKeyPairSync, randomBytes } from 'node:crypto';

export interface SshKey {
  /** OpenSSH's own format, which ssh, Ansible and ssh2 all read; no passphrase. */
  readonly privateKey: string;
  /** One line for authorized_keys. */
  readonly publicKey: string;
}

const KIND = 'ssh-ed25519';
const CIPHER_BLOCK = 8; // PROTOCOL.key: the padding unit when nothing is encrypted

/** A new Ed25519 key, written without ssh-keygen, which a bare host need not have. Format: OpenSSH's PROTOCOL.key. */
export function createSshKey(comment: string): SshKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const point = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const scalar = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  const publicBlob = Buffer.concat([field(KIND), field(point)]);
  const check = randomBytes(4);
  const secret = padded(
    Buffer.concat([
      check,
      check,
      publicBlob,
      field(Buffer.concat([scalar, point])), // RFC 8709's private form: seed, then public point
      field(comment),
    ]),
  );
  const one = Buffer.from([0, 0, 0, 1]);
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    one,
    field(publicBlob),
    field(secret),
  ]);
  const lines = file.toString('base64').match(/.{1,70}/g) ?? [];
  return {
    privateKey: [
      '-----BEGIN OPENSSH PRIVATE KEY-----',
      ...lines,
      '-----END OPENSSH PRIVATE KEY-----',
      '',
    ].join('\n'),
    publicKey: `${KIND} ${publicBlob.toString('base64')} ${comment}`,
  };
}

/** SSH's string (RFC 4251 §5): its length as uint32, then its bytes. */
function field(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function padded(bytes: Buffer): Buffer {
  const missing = (CIPHER_BLOCK - (bytes.length % CIPHER_BLOCK)) % CIPHER_BLOCK;
  return Buffer.concat([bytes, Buffer.from(Array.from({ length: missing }, (_, index) => index + 1))]);
}
