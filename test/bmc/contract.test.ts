import { openBmc } from '../../src/bmc/open-bmc.ts';
import { bmcContract, type Changes, CONTRACT_PATIENCE } from '../contract/bmc.ts';
import { FAKE, FAKE_MACHINE, FakeBmc, type Quirks } from './fake-bmc.ts';

const startFake = (quirks: Quirks) => async () => {
  const fake = new FakeBmc(quirks);
  const url = await fake.start();
  return {
    open: ({ patience = {}, ...changes }: Changes = {}) =>
      openBmc(
        { protocol: 'redfish', url, ...FAKE, verifyTls: true, ...changes },
        { patience: { ...CONTRACT_PATIENCE, ...patience } },
      ),
    setFault: async (fault: FakeBmc['fault']) => {
      fake.fault = fault;
    },
    expected: FAKE_MACHINE,
    close: () => fake.close(),
  };
};

bmcContract('a BMC with sessions', startFake({}));
bmcContract('a BMC with basic authentication only', startFake({ sessionStatus: 405 }));
bmcContract(
  'a BMC with settings apart, strict ETags, short sessions and slow power',
  startFake({
    settings: 'with-override',
    etag: 'given',
    sessionRequests: 3,
    basicRefused: true,
    powerLagsMs: 200,
  }),
);
