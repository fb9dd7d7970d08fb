const SECTOR_BYTES = 2048;
const FIRST_DESCRIPTOR = 16;
const SUPPLEMENTARY = 2;
const END_OF_DESCRIPTORS = 255;
const IS_DIRECTORY = 0x02;

/**
 * The files of an ISO 9660 volume by path, read through its Joliet directory (ECMA-119 §8.5 and §9.1), which keeps
 * the names as they were given. Throws on a volume without one: genisoimage writes it with `-J`, as Ironic asks.
 */
export function joliet(volume: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const descriptor = findDescriptor(volume);
  readDirectory(volume, descriptor.subarray(156, 190), '', files);
  return files;
}

function findDescriptor(volume: Buffer): Buffer {
  for (let sector = FIRST_DESCRIPTOR; ; sector += 1) {
    const descriptor = volume.subarray(sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES);
    if (descriptor.length < SECTOR_BYTES || descriptor[0] === END_OF_DESCRIPTORS) break;
    // "%/@", "%/C" and "%/E" are the escape sequences of UCS-2, which make it a Joliet one.
    if (descriptor[0] === SUPPLEMENTARY && descriptor.toString('latin1', 88, 90) === '%/') return descriptor;
  }
  throw new Error('the ISO 9660 volume has no Joliet names');
}

function readDirectory(volume: Buffer, record: Buffer, path: string, files: Map<string, Buffer>): void {
  const entries = extentOf(volume, record);
  let at = 0;
  while (at < entries.length) {
    const length = entries.readUInt8(at);
    if (length === 0) {
      at = (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES; // records do not cross sectors
      continue;
    }
    const entry = entries.subarray(at, at + length);
    at += length;
    const name = nameOf(entry);
    if (name === null) continue;
    if (entry.readUInt8(25) & IS_DIRECTORY) readDirectory(volume, entry, `${path}${name}/`, files);
    else files.set(`${path}${name}`, extentOf(volume, entry));
  }
}

const extentOf = (volume: Buffer, record: Buffer): Buffer => {
  const start = record.readUInt32LE(2) * SECTOR_BYTES;
  return volume.subarray(start, start + record.readUInt32LE(10));
};

/** Null for the directory itself and its parent, which have one-byte names. */
function nameOf(entry: Buffer): string | null {
  const length = entry.readUInt8(32);
  if (length === 1) return null;
  const name = Buffer.from(entry.subarray(33, 33 + length));
  return name.swap16().toString('utf16le').replace(/;1$/, '');
}
