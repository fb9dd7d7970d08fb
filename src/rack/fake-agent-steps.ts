/** Name and version of the only hardware manager; Ironic hands it back with each step, and a change is an error. */
export const HARDWARE_MANAGERS: Readonly<Record<string, string>> = { generic_hardware_manager: '1.2' };

export type StepKind = 'clean' | 'deploy' | 'service';

interface AgentStep {
  readonly step: string;
  readonly priority: number;
  readonly interface: 'deploy' | 'raid';
  readonly reboot_requested: false;
  readonly abortable?: true;
}

const step = (name: string, priority = 0, of: AgentStep['interface'] = 'deploy'): AgentStep => ({
  step: name,
  priority,
  interface: of,
  reboot_requested: false,
});

const abortable = (of: AgentStep): AgentStep => ({ ...of, abortable: true });

/** The steps of `GenericHardwareManager` in ironic-python-agent 13.0.0, with its priorities; Ironic's own override them. */
export const AGENT_STEPS: Readonly<Record<StepKind, readonly AgentStep[]>> = {
  clean: [
    step('erase_devices', 10),
    step('erase_devices_metadata', 99),
    step('erase_devices_express'),
    step('erase_pstore'),
    step('clean_uefi_nvram'),
    step('delete_configuration', 0, 'raid'),
    step('create_configuration', 0, 'raid'),
    step('burnin_cpu'),
    step('burnin_gpu'),
    step('burnin_disk'),
    step('burnin_memory'),
    step('burnin_network'),
  ].map(abortable),
  deploy: [
    step('erase_devices_metadata'),
    step('apply_configuration', 0, 'raid'),
    step('clean_uefi_nvram'),
    step('write_image'),
    step('inject_files'),
    step('execute_bootc_install'),
  ],
  service: [
    step('burnin_cpu'),
    step('burnin_memory'),
    step('burnin_network'),
    step('write_image'),
    step('inject_files'),
  ],
};
