import type { Step } from './context.ts';

/** Asks the BMC what machine it sits in: proves address and password, and gives matching more to go by. */
export const readBmc: Step = async ({ node, book, clock, signal, ...context }) => {
  const bmc = await context.bmc();
  const found = await bmc.describe({ signal });
  const macs = found.nics.map((nic) => nic.mac);
  await book.update(node.name, {
    bmc: {
      systemUuid: found.identity.uuid,
      serial: found.identity.serial,
      macs,
      power: found.power,
      readAtMs: clock.nowMs(),
    },
  });
  const { manufacturer, model, serial, uuid } = found.identity;
  return {
    manufacturer,
    model,
    serial,
    uuid,
    macs,
    power: found.power,
    memoryGib: found.memoryGib,
    disks: found.disks.length,
    missing: found.missing,
  };
};
