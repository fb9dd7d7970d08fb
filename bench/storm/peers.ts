import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DNSMASQ_PACKAGE } from '../dhcp/peers.ts';
import { NGINX_PACKAGE } from '../http/nginx.ts';
import { startIn } from '../process.ts';
import type { Wire } from '../wire.ts';
import { layStormFiles } from './storm-files.ts';
import { POOL, type StormSubject } from './storm-subject.ts';

const PORT = 8081;

const dnsmasqOptions = ({ server }: Wire, folder: string) => [
  '--conf-file=/dev/null',
  '--keep-in-foreground',
  '--log-facility=-',
  '--user=root',
  '--port=0',
  `--interface=${server.interface}`,
  '--bind-interfaces',
  '--no-ping',
  '--dhcp-authoritative',
  '--dhcp-lease-max=10000000',
  `--dhcp-range=${POOL.first},${POOL.last},255.0.0.0,3600`,
  '--dhcp-userclass=set:ipxe,iPXE',
  '--dhcp-boot=tag:!ipxe,snponly.efi',
  `--dhcp-boot=tag:ipxe,http://${server.address}:${PORT}/boot.ipxe`,
  `--dhcp-leasefile=${join(folder, 'leases')}`,
  `--pid-file=${join(folder, 'pid')}`,
  '--enable-tftp',
  `--tftp-root=${join(folder, 'files')}`,
  '--tftp-max=2048', // 50 unless told
];

/** As for its own benchmark of files: one worker, no access log. */
const nginxConfig = (folder: string, address: string) => `
daemon off;
master_process off;
user root;
worker_rlimit_nofile 8192;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=100 inactive=60s;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server { listen ${address}:${PORT}; root ${folder}/files; }
}
`;

const script = (base: string) => `#!ipxe
kernel ${base}/kernel initrd=agent.initramfs
initrd --name agent.initramfs ${base}/initramfs
boot
`;

/** The two servers that a site without the product would have: every machine gets the same script. */
export const DNSMASQ_NGINX: StormSubject = {
  name: 'dnsmasq and nginx (not synced)',
  sign: ({ server }) => `http://${server.address}:${PORT}/kernel`,
  async start(wire, folder) {
    const { namespace, address } = wire.server;
    layStormFiles(join(folder, 'files'));
    writeFileSync(join(folder, 'files', 'boot.ipxe'), script(`http://${address}:${PORT}`));
    const config = join(folder, 'nginx.conf');
    writeFileSync(config, nginxConfig(folder, address));
    return [
      await startIn(namespace, [DNSMASQ_PACKAGE.program, ...dnsmasqOptions(wire, folder)], {
        logFile: join(folder, 'dnsmasq.log'),
      }),
      await startIn(namespace, [NGINX_PACKAGE.program, '-c', config, '-p', folder], {
        logFile: join(folder, 'nginx.log'),
      }),
    ];
  },
  warnings: (folder) =>
    ['dnsmasq.log', 'nginx.log']
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
      .filter((line) => /warn|error|fail|overflow|no address/i.test(line)),
};
