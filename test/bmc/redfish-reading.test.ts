import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ifMatchCandidates } from '../../src/bmc/redfish-client.ts';
import { numberAt, positiveAt, sameResource, textAt } from '../../src/bmc/redfish-json.ts';
import { isAboutLicence, parseObject, readMessage } from '../../src/bmc/redfish-message.ts';
import { macsOf } from '../../src/bmc/redfish-nics.ts';
import { chooseResetType, splitGlued } from '../../src/bmc/redfish-power.ts';
import { chooseSystems } from '../../src/bmc/redfish-system.ts';
import { inTurn } from '../../src/bmc/turns.ts';

describe('values as vendors write them', () => {
  test.each([
    ['MT2328XZ185R            ', 'MT2328XZ185R'],
    ['AMD EPYC  7702  ', 'AMD EPYC 7702'],
    ['To be filled by O.E.M.', null],
    ['............', null],
    ['Not Available', null],
    ['0123456789AB', null],
    ['', null],
    [4000, null],
    [null, null],
  ])('text %j is %j', (given, want) => {
    expect(textAt({ key: given }, 'key')).toBe(want);
  });

  test.each([
    ['4000', 4000],
    [244, 244],
    [null, null],
    ['', null],
    ['many', null],
    [{}, null],
  ])('number %j is %j', (given, want) => {
    expect(numberAt({ key: given }, 'key')).toBe(want);
  });

  test('a size of 0 is no size', () => {
    expect(positiveAt({ BlockSizeBytes: 0 }, 'BlockSizeBytes')).toBeNull();
  });

  test.each([
    [{ MACAddress: 'a4-BF-01-00-00-01' }, ['a4:bf:01:00:00:01']],
    [{ MACAddress: 'Not Available', PermanentMACAddress: '' }, []],
    [{ MACAddress: '00:00:00:00:00:00' }, []],
    [
      { MACAddress: 'AA:00:00:00:00:01', PermanentMACAddress: 'AA:00:00:00:00:02' },
      ['aa:00:00:00:00:01', 'aa:00:00:00:00:02'],
    ],
    [{ Ethernet: { MACAddress: 'AA:00:00:00:00:01' } }, ['aa:00:00:00:00:01']],
    [{ AssociatedNetworkAddresses: ['AA:00:00:00:00:01', 7] }, ['aa:00:00:00:00:01']],
  ])('MACs of %j are %j', (given, want) => {
    expect(macsOf(given)).toEqual(want);
  });

  test('iLO answers with another spelling of the path that was asked', () => {
    expect(sameResource('/redfish/v1/Systems/1/Bios', '/redfish/v1/systems/1/bios/')).toBe(true);
    expect(sameResource('/redfish/v1/Systems/1', '/redfish/v1/Systems/11')).toBe(false);
  });
});

describe('refusals', () => {
  test.each([
    ['{"error":{"@Message.ExtendedInfo":[{"MessageId":"Base.1.0.X","Message":"No."}]}}', 'No.'],
    ['{"error":{"@Message.ExtendedInfo":{"MessageId":"Base.1.0.X"}}}', 'Base.1.0.X'],
    ['{"error":{"message":"General error"}}', 'General error'],
    ['{"error":{"@Message.ExtendedInfo":[{"Message":"A.","MessageArgs":"[]"},{"Message":"B."}]}}', 'A. B.'],
    ['<html>', null],
    ['', null],
    ['[1]', null],
  ])('%s says %j', (body, want) => {
    expect(readMessage(body).text).toBe(want);
  });

  test('a missing licence is told from other refusals', () => {
    const licence = readMessage('{"error":{"@Message.ExtendedInfo":[{"MessageId":"IDRAC.2.8.LIC501"}]}}');
    const other = readMessage('{"error":{"@Message.ExtendedInfo":[{"MessageId":"Base.1.8.AccessDenied"}]}}');
    expect([isAboutLicence(licence), isAboutLicence(other)]).toEqual([true, false]);
  });

  test('no body makes reading throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
        readMessage(body);
        parseObject(body);
      }),
    );
  });
});

describe('choices', () => {
  test.each([
    [null, [null, '*']],
    ['"1"', ['"1"', null, '*']],
    ['W/"1"', ['W/"1"', '"1"', null, '*']],
  ])('If-Match for ETag %j', (etag, want) => {
    expect(ifMatchCandidates(etag)).toEqual(want);
  });

  test('glued reset types are parted, others kept', () => {
    expect(splitGlued(['On', 'GracefulShutdownGracefulRestart', 'ForceOff', 'Off'])).toEqual([
      'On',
      'GracefulShutdown',
      'GracefulRestart',
      'ForceOff',
      'Off',
    ]);
  });

  test.each([
    ['on', ['ForceOn'], 'ForceOn'],
    ['on', null, 'On'],
    ['off', ['On', 'GracefulShutdown'], 'GracefulShutdown'],
    ['off gracefully', ['On', 'ForceOff'], 'ForceOff'],
    ['reset gracefully', ['ForceRestart'], 'ForceRestart'],
    ['reset', ['On', 'ForceOff'], null],
  ] as const)('for "%s" of %j: %j', (wish, offered, want) => {
    expect(chooseResetType(wish, offered)).toBe(want);
  });

  test('no reset type turns a wish for on into off, or off into on', () => {
    const offs = ['ForceOff', 'GracefulShutdown'];
    const types = fc.subarray([
      'On',
      'ForceOn',
      ...offs,
      'ForceRestart',
      'GracefulRestart',
      'PowerCycle',
      'Nmi',
    ]);
    fc.assert(
      fc.property(types, (offered) => {
        expect(offs).not.toContain(chooseResetType('on', offered));
        expect([...offs, null]).toContain(chooseResetType('off', offered));
      }),
    );
  });

  test('systems without a reset action lose to those with one; a lone one is taken as it is', () => {
    const template = { Id: 'Capabilities' };
    const server = {
      Id: 'Self',
      Actions: { '#ComputerSystem.Reset': { target: '/x' } },
      Processors: { '@odata.id': '/p' },
    };
    expect(chooseSystems([template, server])).toEqual([server]);
    expect(chooseSystems([template])).toEqual([template]);
    expect(chooseSystems([])).toEqual([]);
  });
});

describe('turns', () => {
  test('work for one key is done one at a time and in order, whatever fails between', async () => {
    const order: string[] = [];
    const work =
      (name: string, fails = false) =>
      async () => {
        order.push(`${name} begins`);
        await new Promise((done) => setTimeout(done, 5));
        order.push(`${name} ends`);
        if (fails) throw new Error(name);
      };
    const results = await Promise.allSettled([
      inTurn('k', work('a', true)),
      inTurn('k', work('b')),
      inTurn('k', work('c')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  test('who gives up while waiting is not served', async () => {
    const controller = new AbortController();
    let served = false;
    const first = inTurn('k2', () => new Promise<void>((done) => setTimeout(done, 20)));
    const second = inTurn(
      'k2',
      async () => {
        served = true;
      },
      controller.signal,
    );
    controller.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    await first;
    await inTurn('k2', async () => undefined);
    expect(served).toBe(false);
  });
});
