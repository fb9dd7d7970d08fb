import { BlackstartError } from '../errors.ts';
import { renderTemplate } from './template.ts';

export interface NginxView {
  /** The seed's addresses on the provisioning networks. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly images: readonly { readonly urlName: string; readonly file: string }[];
}

/** The configuration of an nginx that serves the images in the seed's place: each by its name, and no folder. */
export function renderNginx(view: NginxView): string {
  for (const { urlName, file } of view.images) {
    // nginx reads "$" as a variable wherever it stands, and has no way to write one.
    if (/[\s"';{}\\$]/.test(urlName) || /["\\$\n]/.test(file)) throw nameForNginx(file);
  }
  return renderTemplate('nginx/blackstart.conf.njk', view);
}

const nameForNginx = (file: string) =>
  new BlackstartError('E_NGINX_NAME', `nginx cannot be told the name ${file}`, {
    remedy: 'Give the image a file name without quotes, backslashes and "$".',
  });
