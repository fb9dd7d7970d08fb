import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startIn } from '../process.ts';
import { type HttpSubject, layFiles } from './http-subject.ts';

export const NGINX_PACKAGE = { package: 'nginx-light', program: '/usr/sbin/nginx' } as const;

/** What one worker has in nginx's own example for serving files, and no access log. */
const config = (folder: string, address: string) => `
daemon off;
master_process off;
user root;
pid ${folder}/pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  open_file_cache max=100 inactive=60s;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen ${address}:8081;
    root ${folder}/files;
    location = /nothing { return 200 "ok"; }
  }
}
`;

/** One process is its one worker. */
export const NGINX: HttpSubject = {
  name: 'nginx, one worker',
  port: 8081,
  path: '/',
  async start(wire, folder) {
    await layFiles(join(folder, 'files'));
    const file = join(folder, 'nginx.conf');
    await writeFile(file, config(folder, wire.server.address));
    return startIn(wire.server.namespace, [NGINX_PACKAGE.program, '-c', file, '-p', folder], {
      logFile: join(folder, 'nginx.log'),
    });
  },
};
