import fc from 'fast-check';
import { expect, test } from 'vitest';
import { acceptKey, decodeFrames, encodeFrame, OPCODE } from '../../src/rack/bmc/websocket.ts';

/** A client's frame: what a server would send, and then the mask bit and the mask. */
function mask(frame: Buffer, key: Buffer): Buffer {
  const short = (frame[1] ?? 0) & 0x7f;
  const header = short < 126 ? 2 : short === 126 ? 4 : 10;
  const head = Buffer.from(frame.subarray(0, header));
  head[1] = (head[1] ?? 0) | 0x80;
  const payload = frame.subarray(header).map((byte, i) => byte ^ (key[i % 4] ?? 0));
  return Buffer.concat([head, key, payload]);
}

test('the accept key is the one of RFC 6455 §1.3', () => {
  expect(acceptKey('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
});

test('the frames of RFC 6455 §5.7', () => {
  expect(encodeFrame(OPCODE.text, Buffer.from('Hello')).toString('hex')).toBe('810548656c6c6f');
  const masked = Buffer.from('818537fa213d7f9f4d5158', 'hex');
  expect(decodeFrames(masked)).toEqual({
    ok: true,
    value: { frames: [{ opcode: OPCODE.text, payload: Buffer.from('Hello') }], rest: Buffer.alloc(0) },
  });
});

test('frames of any length, however they are cut, arrive whole and in order', () => {
  const lengths = fc.constantFrom(0, 1, 125, 126, 127, 65_535, 65_536);
  const keys = fc.uint8Array({ minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(lengths, { minLength: 1, maxLength: 4 }), keys, fc.nat(), (sizes, key, cutAt) => {
      const payloads = sizes.map((size, i) => Buffer.alloc(size, i + 1));
      const sent = payloads.map((payload) => mask(encodeFrame(OPCODE.binary, payload), Buffer.from(key)));
      const bytes = Buffer.concat(sent);
      const cut = cutAt % bytes.length;
      const first = decodeFrames(bytes.subarray(0, cut));
      if (!first.ok) throw new Error(first.reason);
      const second = decodeFrames(Buffer.concat([first.value.rest, bytes.subarray(cut)]));
      if (!second.ok) throw new Error(second.reason);
      const got = [...first.value.frames, ...second.value.frames].map(({ payload }) => payload);
      expect(got.length).toBe(payloads.length);
      got.forEach((payload, i) => {
        expect(payload.equals(payloads[i] ?? Buffer.alloc(0))).toBe(true);
      });
      expect(second.value.rest.length).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test('an unmasked or an endless frame is a reason to hang up', () => {
  expect(decodeFrames(encodeFrame(OPCODE.text, Buffer.from('x')))).toMatchObject({ ok: false });
  expect(decodeFrames(Buffer.from('82ff00000000ffffffff', 'hex'))).toMatchObject({ ok: false });
});

test('no bytes from the network make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodeFrames(Buffer.from(bytes));
    }),
  );
});
