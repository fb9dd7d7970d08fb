// The rules of ARCHITECTURE.md that a tool can hold. Type imports count too.
const onlyIn = (name, folders, packages) => ({
  name,
  severity: 'error',
  comment: `${packages} is used in ${folders} only`,
  from: { path: '^src/', pathNot: folders.map((folder) => `^src/${folder}/`) },
  to: { path: packages.map((name_) => `node_modules/(@types/)?${name_}/`) },
});

module.exports = {
  forbidden: [
    { name: 'pure-folders-do-no-io', severity: 'error', from: { path: '^src/(wire|core)/' }, to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional'] } },
    { name: 'wire-knows-no-policy', severity: 'error', from: { path: '^src/wire/' }, to: { path: '^src/', pathNot: '^src/(wire/|result\\.ts)' } },
    { name: 'core-imports-only-pure', severity: 'error', from: { path: '^src/core/' }, to: { path: '^src/', pathNot: '^src/((wire|core)/|result\\.ts)' } },
    { name: 'rack-is-for-rehearse-only', severity: 'error', from: { path: '^src/', pathNot: '^src/(rack/|cli/rehearse)' }, to: { path: '^src/rack/' } },
    { name: 'rack-knows-no-product', severity: 'error', from: { path: '^src/rack/' }, to: { path: '^src/(cli|api|operations|boot|undercloud|fleet|ironic|bmc|store|render)/' } },
    { name: 'siblings-stay-apart', severity: 'error', from: { path: '^src/(undercloud|fleet|boot)/' }, to: { path: '^src/(undercloud|fleet|boot|operations|api|cli)/', pathNot: '^src/$1/' } },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    onlyIn('listr2-owner', ['cli'], ['listr2']),
    onlyIn('commander-owner', ['cli'], ['commander']),
    onlyIn('processes-and-ssh-owner', ['exec'], ['execa', 'ssh2']),
    onlyIn('nunjucks-owner', ['render'], ['nunjucks']),
    onlyIn('zod-owner', ['site'], ['zod']),
    onlyIn('http-owner', ['net'], ['fastify', 'undici', 'koffi']),
    onlyIn('metrics-owner', ['boot'], ['prom-client']),
    onlyIn('sql-owner', ['store'], ['kysely', 'better-sqlite3', 'pg']),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
