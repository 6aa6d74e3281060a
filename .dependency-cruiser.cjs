// Imports point one way: apps → libs → plugin-sdk, plugins → plugin-sdk. The tree tells the road only while this holds.
const tests = '(\\.spec\\.ts$|/src/testing/)';

/** Which libs each lib may see beside plugin-sdk; the order of the road. */
const layers = {
  resilience: [],
  kernel: ['resilience'],
  'plugin-testing': ['kernel'],
  trust: [],
  state: [],
  keys: ['resilience', 'state'],
  context: ['resilience'],
  authorization: ['resilience'],
  issuance: ['context', 'keys'],
  exchange: ['trust', 'context', 'authorization', 'issuance'],
  observability: ['exchange', 'keys'],
  config: ['kernel', 'trust', 'context'],
};

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
      to: { path: '^(apps|test|libs/(?!plugin-sdk/))' },
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
      to: { path: '^(apps|test|libs/(?!plugin-sdk/|plugin-testing/))' },
    },
    ...Object.entries(layers).map(([lib, seen]) => ({
      name: `${lib}-sees-its-layer`,
      severity: 'error',
      from: { path: `^libs/${lib}/`, pathNot: tests },
      to: { path: '^libs/', pathNot: `^libs/(${[lib, 'plugin-sdk', ...seen].join('|')})/` },
    })),
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
    {
      name: 'declared-dependencies',
      severity: 'error',
      from: { pathNot: [tests, '^test/', '^libs/plugin-testing/', '^apps/quickstart/'] },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-dev'], dependencyTypesNot: ['type-only'] },
    },
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
