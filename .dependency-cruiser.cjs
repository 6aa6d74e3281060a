// Imports point one way: apps → libs → plugin-sdk, plugins → plugin-sdk. The tree tells the road only while this holds.
const tests = '\\.spec\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    {
      name: 'sdk-stands-alone',
      comment: 'plugin-sdk depends on nothing of ours',
      severity: 'error',
      from: { path: '^libs/plugin-sdk/' },
      to: { path: '^(apps|plugins|libs/(?!plugin-sdk/))' },
    },
    {
      name: 'plugins-see-the-sdk-only',
      severity: 'error',
      from: { path: '^plugins/', pathNot: tests },
      to: { path: '^(apps|plugins|libs/(?!plugin-sdk/))', pathNot: ['^plugins/([^/]+)/src/'] },
    },
    {
      name: 'plugins-do-not-see-each-other',
      severity: 'error',
      from: { path: '^plugins/([^/]+)/' },
      to: { path: '^plugins/', pathNot: '^plugins/$1/' },
    },
    {
      name: 'plugin-tests-see-the-kit',
      severity: 'error',
      from: { path: `^plugins/.*${tests}` },
      to: { path: '^(apps|libs/(?!plugin-sdk/|plugin-testing/))' },
    },
    { name: 'libs-do-not-see-apps', severity: 'error', from: { path: '^libs/' }, to: { path: '^(apps|test)/' } },
    { name: 'libs-do-not-see-plugins', severity: 'error', from: { path: '^libs/', pathNot: tests }, to: { path: '^plugins/' } },
    {
      name: 'built-ins-are-listed-once',
      comment: "only the app's list of built-ins imports plugins",
      severity: 'error',
      from: { path: '^apps/', pathNot: ['^apps/parsec/src/built-in-plugins\\.ts$', tests] },
      to: { path: '^plugins/' },
    },
    {
      name: 'the-demonstration-is-not-the-product',
      severity: 'error',
      from: { path: '^(apps/parsec|libs|plugins)/', pathNot: tests },
      to: { path: '^(apps/quickstart|test)/' },
    },
    {
      name: 'the-kit-is-for-tests',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: [tests, '^libs/plugin-testing/'] },
      to: { path: '^libs/plugin-testing/' },
    },
    { name: 'declared-dependencies', severity: 'error', from: { pathNot: [tests, '^test/'] }, to: { dependencyTypes: ['npm-no-pkg'] } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.spec.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
