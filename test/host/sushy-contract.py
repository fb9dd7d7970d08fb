"""The virtual BMC as OpenStack's own Redfish library sees it. Arguments: URL, expected values as JSON.

Every check that fails ends the program with its name. Run by rack.test.ts with a real sushy.
"""
import json
import sys
import time

import sushy
from sushy import auth, exceptions

URL, EXPECTED = sys.argv[1], json.loads(sys.argv[2])
USER, PASSWORD = EXPECTED['username'], EXPECTED['password']
SYSTEM = '/redfish/v1/Systems/1'
checks = 0


def same(name, got, want):
    global checks
    checks += 1
    if got != want:
        sys.exit('%s: got %r, want %r' % (name, got, want))


def connect(make_auth, password=PASSWORD):
    return sushy.Sushy(URL, verify=EXPECTED['ca'], auth=make_auth(USER, password))


def until_power(system, want):
    for _ in range(100):
        system.refresh(force=True)
        if system.power_state == want:
            break
        time.sleep(0.1)
    same('power state', system.power_state, want)


def refused(name, error, work):
    global checks
    checks += 1
    try:
        work()
    except error:
        return
    sys.exit('%s: no %s' % (name, error.__name__))


# Logins: each kind with the right password, and with a wrong one.
for kind in (auth.BasicAuth, auth.SessionAuth, auth.SessionOrBasicAuth):
    same(kind.__name__, connect(kind).get_system(SYSTEM).uuid, EXPECTED['uuid'])
    refused('wrong password', exceptions.AccessError, lambda: connect(kind, 'wrong').get_system(SYSTEM))

session_auth = auth.SessionAuth(USER, PASSWORD)
root = sushy.Sushy(URL, verify=EXPECTED['ca'], auth=session_auth)
system = root.get_system(SYSTEM)
same('the only system', root.get_system().identity, system.identity)
same('systems', [each.identity for each in root.get_system_collection().get_members()], ['1'])

# What is in the box.
same('serial', system.serial_number, EXPECTED['serial'])
same('name', system.name, EXPECTED['name'])
same('memory', system.memory_summary.size_gib, EXPECTED['memoryGib'])
same('processors', system.processors.summary.count, EXPECTED['cpus'])
same('architecture', system.processors.summary.architecture, sushy.PROCESSOR_ARCH_x86)
macs = [nic.mac_address for nic in system.ethernet_interfaces.get_members()]
same('MACs', macs, [EXPECTED['mac']])
same('MACs with health', list(system.ethernet_interfaces.summary), [EXPECTED['mac']])
drives = [drive for each in system.storage.get_members() for drive in each.drives]
same('drives', [drive.serial_number for drive in drives], [EXPECTED['diskSerial']])
same('drive sizes', list(system.storage.drives_sizes_bytes), [EXPECTED['diskBytes']])
same('volumes', [v for each in system.storage.get_members() for v in each.volumes.get_members()], [])
same('simple storage', list(system.simple_storage.disks_sizes_bytes), [EXPECTED['diskBytes']])
same('BIOS boot mode', system.bios.attributes['BootMode'], 'Uefi' if EXPECTED['uefi'] else 'Bios')
same('BMC', root.get_manager().manager_type, sushy.MANAGER_TYPE_BMC)
same('manager of the system', [each.identity for each in system.managers], ['1'])
same('case', [each.serial_number for each in system.chassis], [EXPECTED['serial']])
firmware = root.get_update_service().firmware_inventory.get_members()
same('firmware', sorted(each.identity for each in firmware), ['BIOS', 'BMC'])

# The boot override: what Ironic does, with sushy's own If-Match.
same('boot mode', system.boot['mode'], sushy.BOOT_SOURCE_MODE_UEFI if EXPECTED['uefi'] else sushy.BOOT_SOURCE_MODE_BIOS)
same('boot devices', system.get_allowed_system_boot_source_values(), set(map(sushy.BootSource, EXPECTED['targets'])))
for target in (sushy.BOOT_SOURCE_TARGET_PXE, sushy.BOOT_SOURCE_TARGET_HDD):
    for enabled in (sushy.BOOT_SOURCE_ENABLED_ONCE, sushy.BOOT_SOURCE_ENABLED_CONTINUOUS):
        system.set_system_boot_options(target=target, enabled=enabled)
        system.refresh(force=True)
        same('boot override', (system.boot['target'], system.boot['enabled']), (target, enabled))
refused('a boot device that is not offered', exceptions.InvalidParameterValueError,
        lambda: system.set_system_boot_options(target='teapot'))

# Power: and a Once is used up by the boot that it serves.
same('power state', system.power_state, sushy.POWER_STATE_OFF)
offered = system.get_allowed_reset_system_values()
for value in (sushy.RESET_ON, sushy.RESET_FORCE_OFF, sushy.RESET_FORCE_RESTART, sushy.RESET_GRACEFUL_SHUTDOWN):
    same('reset %s is offered' % value, value in offered, True)
system.set_system_boot_options(target=sushy.BOOT_SOURCE_TARGET_PXE, enabled=sushy.BOOT_SOURCE_ENABLED_ONCE)
system.reset_system(sushy.RESET_ON)
until_power(system, sushy.POWER_STATE_ON)
same('override after the boot', system.boot['enabled'], sushy.BOOT_SOURCE_ENABLED_DISABLED)
system.set_system_boot_options(target=sushy.BOOT_SOURCE_TARGET_PXE, enabled=sushy.BOOT_SOURCE_ENABLED_CONTINUOUS)
system.reset_system(sushy.RESET_FORCE_RESTART)
until_power(system, sushy.POWER_STATE_ON)
same('override that stays', system.boot['enabled'], sushy.BOOT_SOURCE_ENABLED_CONTINUOUS)
system.reset_system(sushy.RESET_FORCE_OFF)
until_power(system, sushy.POWER_STATE_OFF)
refused('a restart of what is off', exceptions.HTTPError, lambda: system.reset_system(sushy.RESET_FORCE_RESTART))
system.set_system_boot_options(enabled=sushy.BOOT_SOURCE_ENABLED_DISABLED)
system.refresh(force=True)
same('override taken back', system.boot['enabled'], sushy.BOOT_SOURCE_ENABLED_DISABLED)

def sessions():
    return len(connect(auth.BasicAuth).get_session_service().sessions.get_members())


before = sessions()
session_auth.close()
same('sessions after logging out', sessions(), before - 1)
print('%d checks passed with sushy' % checks)
