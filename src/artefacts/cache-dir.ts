/** Where heavy artefacts live: outside the checkout, so that checkouts share them. `BLACKSTART_CACHE` moves it. */
export const cacheDirOf = (env: Readonly<Record<string, string | undefined>> = process.env): string =>
  env['BLACKSTART_CACHE'] || '/var/cache/blackstart';
