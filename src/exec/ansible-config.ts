import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the checkout's playbooks and their plugins are. */
export const PLAYBOOKS = fileURLToPath(new URL('../../playbooks/', import.meta.url));

/** ansible-core and all it needs, pinned: 2.19 is the newest that runs on Debian 12's Python 3.11. */
export const ANSIBLE_REQUIREMENTS: readonly string[] = [
  'ansible-core==2.19.14',
  'cffi==2.1.1',
  'cryptography==50.0.2',
  'Jinja2==3.1.6',
  'MarkupSafe==3.0.4',
  'packaging==26.3',
  'pycparser==3.12',
  'PyYAML==6.0.3',
  'resolvelib==1.2.1',
];

interface ConfigOptions {
  readonly runDir: string;
  /** Short: the path of a Unix socket in it may not pass 108 bytes. */
  readonly controlDir: string;
  readonly forks: number;
}

/**
 * The ansible.cfg of one run: a real file, since Ansible refuses /dev/null, so that none of the operator's own
 * settings is read. Host keys are checked against the run's known_hosts; nothing is written outside `runDir`.
 */
export const ansibleConfig = ({ runDir, controlDir, forks }: ConfigOptions): string =>
  `[defaults]
home = ${join(runDir, 'home')}
callback_plugins = ${join(PLAYBOOKS, 'plugins/callback')}
callbacks_enabled = blackstart_events
forks = ${forks}
timeout = 30
retry_files_enabled = false
interpreter_python = /usr/bin/python3
nocows = true
display_skipped_hosts = false
host_key_checking = true

[ssh_connection]
pipelining = true
retries = 3
control_path_dir = ${controlDir}
ssh_args = -C -o ControlMaster=auto -o ControlPersist=30s -o IdentitiesOnly=yes -o UserKnownHostsFile=${join(runDir, 'known_hosts')} -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes
`;

/** The environment of one run: what a program needs and nothing of the caller's, least of all its ANSIBLE_*. */
export const ansibleEnvironment = (venv: string, runDir: string, eventsFd: number) => ({
  PATH: [join(venv, 'bin'), '/usr/bin', '/bin', '/usr/sbin', '/sbin'].join(':'),
  HOME: join(runDir, 'home'),
  LC_ALL: 'C.UTF-8',
  ANSIBLE_CONFIG: join(runDir, 'ansible.cfg'),
  ANSIBLE_HOME: join(runDir, 'home'),
  ANSIBLE_NOCOLOR: '1',
  PYTHONUNBUFFERED: '1',
  BLACKSTART_EVENTS_FD: String(eventsFd),
});
