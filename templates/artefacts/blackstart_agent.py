"""An inspection collector: the machine's identity, which the agent's own inventory leaves out.

Ask for it by the kernel argument ipa-inspection-collectors=default,blackstart.
"""

IDENTITY = (
    'product_uuid',
    'product_serial',
    'product_name',
    'sys_vendor',
    'board_serial',
    'chassis_serial',
    'chassis_asset_tag',
    'bios_vendor',
    'bios_version',
    'bios_date',
)


def collect(data, failures):
    """Adds `blackstart`: SMBIOS identity as the kernel spells it, and the seconds since the kernel started."""
    identity = {name: _read('/sys/class/dmi/id/' + name) for name in IDENTITY}
    uptime = _read('/proc/uptime')
    data['blackstart'] = {
        'dmi': identity,
        'uptime_seconds': float(uptime.split()[0]) if uptime else None,
    }


def _read(path):
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return None
